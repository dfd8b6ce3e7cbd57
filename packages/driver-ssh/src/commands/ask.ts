import type { Call } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import { createOutputCap } from './output-cap.ts'
import type { Session } from './remote-process.ts'
import { type RunSpec, runProcess } from './run-process.ts'

/** The longest answer of one of our own scripts: what is kept of two streams, and a few lines. */
const ANSWER_BYTES = 1_048_576

/**
 * Runs one of our own scripts and gives what it says. Such a script ends with 0 whatever it finds out; any other end
 * is a guest that cannot do what is needed.
 */
export async function ask(
  session: Session,
  question: Pick<RunSpec, 'script' | 'isSecret'>,
  call: Call,
): Promise<Buffer> {
  const stdout = createOutputCap(ANSWER_BYTES)
  const stderr = createOutputCap()
  const exitCode = await runProcess(session, { ...question, onStdout: stdout.push, onStderr: stderr.push }, call)
  if (exitCode === 0) return stdout.bytes()
  throw scriptFailed(session.link.server, exitCode, stderr.bytes())
}

/** One of our own scripts could not do its work; what it said tells why. */
export function scriptFailed(server: string, exitCode: number, stderr: Uint8Array): VmunitError {
  const said = Buffer.from(stderr).toString().trim().slice(-500)
  return new VmunitError(
    'ERR_DRIVER',
    `${server} could not do it (exit code ${exitCode}): ${said || 'it says nothing'}. Repair the guest; it needs Linux with a POSIX shell as login shell.`,
    { details: { server, exitCode, output: said } },
  )
}
