import assert from 'node:assert/strict'
import type { OperationId } from '../../../domain/marker.ts'
import type { ExecResult, Guest } from '../../../ports/index.ts'
import type { GuestLab, LabArgv } from '../guest-lab.ts'
import { eventually } from '../promptly.ts'

/** Standard output as text. */
export function textOf(result: ExecResult): string {
  return Buffer.from(result.stdout).toString()
}

/** Runs a command that must succeed, and gives what it wrote. */
export async function output(guest: Guest, argv: LabArgv): Promise<Buffer> {
  const result = await guest.exec({ argv })
  assert.equal(result.exitCode, 0, `${argv.join(' ')}: ${Buffer.from(result.stderr).toString()}`)
  return Buffer.from(result.stdout)
}

/** How many marks were left in the guest. */
export async function countMarks(lab: GuestLab, guest: Guest): Promise<number> {
  const result = await guest.exec({ argv: lab.commands.listMarks })
  return textOf(result).split('\n').filter(Boolean).length
}

/** Waits until a job is over, and gives its result. */
export async function jobResult(lab: GuestLab, guest: Guest, id: OperationId): Promise<ExecResult> {
  const seen = await eventually(
    lab,
    async () => await guest.job(id),
    ({ state }) => state !== 'busy',
  )
  assert.ok(seen.state === 'done', `the job is ${seen.state}`)
  return seen.value
}
