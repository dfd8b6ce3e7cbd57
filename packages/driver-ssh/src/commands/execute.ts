import type { Call, Command, ExecResult } from '@vmunit/core'
import { limitedScript } from './command-script.ts'
import { createOutputCap } from './output-cap.ts'
import type { Session } from './remote-process.ts'
import { runProcess } from './run-process.ts'

/** Runs a command and waits for its end. */
export async function execute(session: Session, command: Command, call: Call): Promise<ExecResult> {
  const script = limitedScript(command)
  const stdout = createOutputCap()
  const stderr = createOutputCap()
  const { timeoutMs } = command
  const isSecret = command.environment !== undefined
  const spec = { script, isSecret, onStdout: stdout.push, onStderr: stderr.push, timeoutMs }
  const exitCode = await runProcess(session, spec, call)
  return {
    exitCode,
    stdout: stdout.bytes(),
    stderr: stderr.bytes(),
    droppedBytes: stdout.dropped() + stderr.dropped(),
  }
}
