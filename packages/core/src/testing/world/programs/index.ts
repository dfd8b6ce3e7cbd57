import { findFile } from '../files.ts'
import { filePrograms } from './files.ts'
import { packagePrograms } from './packages.ts'
import { plainPrograms } from './plain.ts'
import { powerPrograms } from './power.ts'
import { type Program, type ProgramCall, type Programs, placeOf } from './program.ts'
import { runScript, scriptPrograms } from './script.ts'
import { servicePrograms } from './services.ts'

const PROGRAMS: Programs = {
  ...plainPrograms,
  ...filePrograms,
  ...servicePrograms,
  ...packagePrograms,
  ...powerPrograms,
  ...scriptPrograms(runProgram),
}

const NOT_FOUND = 127
const NOT_EXECUTABLE = 126

/** Runs the program that `argv[0]` names: a file of the guest, or one that every guest has. */
export function runProgram(call: ProgramCall): number | Promise<number> {
  const [name = ''] = call.argv
  if (name.includes('/')) {
    const file = findFile(call.system.files, placeOf(call, name))
    if (file?.executable) return runScript(runProgram, call, new TextDecoder().decode(file.bytes))
    if (file !== undefined) {
      call.err(`${name}: permission denied\n`)
      return NOT_EXECUTABLE
    }
  }
  const program = programOf(name.replace(/^\/(usr\/)?s?bin\//, ''))
  if (program !== undefined) return program(call)
  call.err(`${name}: not found\n`)
  return NOT_FOUND
}

function programOf(name: string): Program | undefined {
  return Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name] : undefined
}
