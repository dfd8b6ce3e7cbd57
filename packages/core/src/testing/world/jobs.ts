import * as z from 'zod'
import type { OperationId } from '../../domain/marker.ts'
import type { Observed } from '../../domain/observed.ts'
import type { Command, ExecResult } from '../../ports/guest-access.ts'
import { findFile, putFile } from './files.ts'
import { startIn } from './guest-system.ts'
import { Ended } from './process.ts'
import type { MachineRecord, WorldState } from './state.ts'

const STOPPED: ExecResult = { exitCode: 143, stdout: new Uint8Array(), stderr: new Uint8Array(), droppedBytes: 0 }

const jobRecord = z.object({
  argv: z.array(z.string()),
  result: z.object({ exitCode: z.int(), stdout: z.string(), stderr: z.string(), droppedBytes: z.int() }).optional(),
})

/** A job's record is a file of its guest: it survives what files survive, and a clone carries it. */
function recordPath(id: OperationId): string {
  return `/var/lib/vmunit/jobs/${encodeURIComponent(id)}.json`
}

/** Starts a job, unless the guest has a record of it. */
export function startJob(state: WorldState, machine: MachineRecord, job: NewJob): void {
  const { id, command } = job
  if (findFile(machine.files, recordPath(id)) !== undefined) return
  writeRecord(state, machine, job)
  const process = startIn(state, machine, command)
  machine.jobs.set(id, process)
  const end = (result: ExecResult): void => {
    machine.jobs.delete(id)
    writeRecord(state, machine, { id, command, result })
    state.log.onChange?.()
  }
  process.result.then(end, (error: unknown) => {
    if (error instanceof Ended && error.reason === 'stopped') end(STOPPED)
    else if (!(error instanceof Ended)) end(failure(error))
  })
}

/** What is known about a job. */
export function lookAtJob(machine: MachineRecord, id: OperationId): Observed<ExecResult> {
  const file = findFile(machine.files, recordPath(id))
  if (file === undefined) return { state: 'absent' }
  const { result } = jobRecord.parse(JSON.parse(new TextDecoder().decode(file.bytes)))
  if (result !== undefined) {
    const { stdout, stderr, ...rest } = result
    return { state: 'done', value: { ...rest, stdout: bytesOf(stdout), stderr: bytesOf(stderr) } }
  }
  if (machine.jobs.has(id)) return { state: 'busy', detail: `job ${id} is running` }
  return { state: 'unknown', detail: `job ${id} began and left no exit code` }
}

/** Ends a running job and waits until its record says so. */
export async function stopJob(machine: MachineRecord, id: OperationId): Promise<void> {
  const process = machine.jobs.get(id)
  process?.end('stopped')
  await process?.result.catch(() => {})
}

interface NewJob {
  readonly id: OperationId
  readonly command: Command
  readonly result?: ExecResult | undefined
}

function writeRecord(state: WorldState, machine: MachineRecord, { id, command, result }: NewJob): void {
  const argv = command.argv.map((word) => (typeof word === 'string' ? word : new TextDecoder().decode(word)))
  const text = JSON.stringify({
    argv,
    result: result && { ...result, stdout: base64Of(result.stdout), stderr: base64Of(result.stderr) },
  })
  putFile(machine.files, recordPath(id), state.blobs.file(text))
}

function failure(error: unknown): ExecResult {
  return { ...STOPPED, exitCode: 126, stderr: new TextEncoder().encode(String(error)) }
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, 'base64'))
}
