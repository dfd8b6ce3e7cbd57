import { filesBelow, findFile, isDirectory, makeDirectory, putFile, removePath } from '../files.ts'
import { type Program, type ProgramCall, type Programs, placeOf } from './program.ts'

function operands(call: ProgramCall): readonly string[] {
  return call.argv
    .slice(1)
    .filter((word) => !word.startsWith('-'))
    .map((path) => placeOf(call, path))
}

function missing(call: ProgramCall, path: string): number {
  call.err(`${call.argv[0]}: ${path}: no such file or directory\n`)
  return 1
}

const cat: Program = (call) => {
  let exitCode = 0
  for (const path of operands(call)) {
    const file = findFile(call.system.files, path)
    if (file === undefined) exitCode = missing(call, path)
    else call.out(file.bytes)
  }
  return exitCode
}

const test: Program = (call) => {
  const { files } = call.system
  const [, flag, operand = ''] = call.argv
  const path = placeOf(call, operand)
  const isFile = findFile(files, path) !== undefined
  if (flag === '-f') return isFile ? 0 : 1
  if (flag === '-d') return !isFile && isDirectory(files, path) ? 0 : 1
  if (flag === '-e') return isFile || isDirectory(files, path) ? 0 : 1
  return 2
}

const touch: Program = (call) => {
  const { files, file } = call.system
  for (const path of operands(call)) if (findFile(files, path) === undefined) putFile(files, path, file(''))
  return 0
}

const rm: Program = (call) => {
  const { files } = call.system
  const flags = call.argv.filter((word) => word.startsWith('-')).join('')
  let exitCode = 0
  for (const path of operands(call)) {
    const isFile = findFile(files, path) !== undefined
    if (isFile || (/r/i.test(flags) && isDirectory(files, path))) removePath(files, path)
    else if (!flags.includes('f')) exitCode = missing(call, path)
  }
  return exitCode
}

const mkdir: Program = (call) => {
  for (const path of operands(call)) makeDirectory(call.system.files, path)
  return 0
}

const cp: Program = (call) => {
  const { files } = call.system
  const [from = '', to = ''] = operands(call)
  const source = findFile(files, from)
  if (source !== undefined) {
    putFile(files, isDirectory(files, to) ? `${to}/${from.slice(from.lastIndexOf('/'))}` : to, source)
    return 0
  }
  const inside = filesBelow(files, from)
  if (inside.length === 0) return missing(call, from)
  for (const [path, file] of inside) putFile(files, `${to}/${path.slice(from.length)}`, file)
  return 0
}

/** Programs that read and change files. */
export const filePrograms: Programs = { cat, test, touch, rm, mkdir, cp }
