import type { ExecResult, Observed } from '@vmunit/core'

const UNKNOWN = {
  ended: 'it began and is not running, and left no exit code',
  rebooted: 'it began, and the guest booted before it left an exit code',
} as const

/** Reads what the guest says about a job; undefined when it says something else. */
export function parseJob(answer: Buffer): Observed<ExecResult> | undefined {
  const end = answer.indexOf(10)
  const [state, why] = answer.toString('latin1', 0, end === -1 ? answer.length : end).split(' ')
  if (state === 'absent') return { state }
  if (state === 'busy') return { state, detail: 'the job is running' }
  if (state === 'unknown' && (why === 'ended' || why === 'rebooted')) return { state, detail: UNKNOWN[why] }
  const value = state === 'done' ? parseResult(answer.subarray(end + 1)) : undefined
  return value === undefined ? undefined : { state: 'done', value }
}

/** One line with exit code, length of standard output, length of standard error, dropped bytes; then both outputs. */
function parseResult(result: Buffer): ExecResult | undefined {
  const end = result.indexOf(10)
  const fields = result.toString('latin1', 0, Math.max(0, end)).split(' ').map(Number)
  const [exitCode, stdoutLength, stderrLength, droppedBytes] = fields
  if (exitCode === undefined || stdoutLength === undefined) return undefined
  if (stderrLength === undefined || droppedBytes === undefined || !fields.every(Number.isSafeInteger)) return undefined
  const output = result.subarray(end + 1)
  if (output.length !== stdoutLength + stderrLength) return undefined
  return {
    exitCode,
    stdout: output.subarray(0, stdoutLength),
    stderr: output.subarray(stdoutLength),
    droppedBytes,
  }
}
