import { findFile, isDirectory, putFile } from '../files.ts'
import { type Program, type ProgramCall, type Programs, placeOf } from './program.ts'

/** `sh FILE [argument…]` and `sh -c TEXT [name argument…]`. */
export function scriptPrograms(run: Program): Programs {
  const sh: Program = (call) => {
    const [name = 'sh', ...rest] = call.argv.slice(1)
    if (name === '-c') {
      const [text = '', ...words] = rest
      return runScript(run, { ...call, argv: words }, text)
    }
    const file = findFile(call.system.files, placeOf(call, name))
    if (file === undefined) {
      call.err(`sh: ${name}: not found\n`)
      return 127
    }
    return runScript(run, { ...call, argv: [name, ...rest] }, new TextDecoder().decode(file.bytes))
  }
  return { sh, bash: sh }
}

/**
 * Runs a script line by line: words between blanks, quotes, `#` comments, `$NAME` and `$1`, `NAME=value`, `> file` and
 * `>> file`, `set -e` (the first line that fails ends it), `cd`, `exec` and `exit`. Nothing else of a shell.
 */
export async function runScript(run: Program, call: ProgramCall, text: string): Promise<number> {
  const environment: Record<string, string> = { ...call.environment }
  call.argv.forEach((word, index) => {
    environment[String(index)] = word
  })
  let stopsAtFailure = false
  let exitCode = 0
  for (const line of text.split('\n')) {
    call.signal.throwIfAborted()
    const words = splitWords(line, environment)
    const [first = '', second] = words
    const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(first)
    if (first === '') continue
    if (first === 'exit') return second === undefined ? exitCode : Number(second)
    if (first === 'set') stopsAtFailure = second === '-e' || (stopsAtFailure && second !== '+e')
    else if (first === 'cd') exitCode = goTo(call, environment, second)
    else if (first === 'exec')
      return await runLine(run, { ...call, argv: words.slice(1), environment: withoutPositions(environment) })
    else if (assignment !== null && words.length === 1) environment[assignment[1] ?? ''] = assignment[2] ?? ''
    else exitCode = await runLine(run, { ...call, argv: words, environment: withoutPositions(environment) })
    if (exitCode !== 0 && stopsAtFailure) return exitCode
  }
  return exitCode
}

function goTo({ err, system }: ProgramCall, environment: Record<string, string>, operand = ''): number {
  const path = placeOf({ environment }, operand)
  if (isDirectory(system.files, path)) {
    environment['PWD'] = path
    return 0
  }
  err(`cd: ${operand}: no such directory\n`)
  return 2
}

async function runLine(run: Program, call: ProgramCall): Promise<number> {
  const { argv, system } = call
  const at = argv.findIndex((word) => word === '>' || word === '>>')
  const operand = argv[at + 1]
  if (at === -1 || operand === undefined) return await run(call)
  const target = placeOf(call, operand)
  const before = argv[at] === '>>' ? findFile(system.files, target)?.bytes : undefined
  const written: Uint8Array[] = before === undefined ? [] : [before]
  const encoder = new TextEncoder()
  const out: ProgramCall['out'] = (text) => void written.push(typeof text === 'string' ? encoder.encode(text) : text)
  const exitCode = await run({ ...call, argv: argv.slice(0, at), out })
  putFile(system.files, target, system.file(Buffer.concat(written)))
  return exitCode
}

function withoutPositions(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^\d+$/.test(name)))
}

/** A word is a run of quoted pieces and other characters; only single quotes keep `$` as it is. */
function splitWords(line: string, environment: Readonly<Record<string, string>>): readonly string[] {
  const words: string[] = []
  const expand = (text: string): string =>
    text.replace(
      /\$(?:\{(\w+)\}|(\w+))/g,
      (_, braced?: string, bare?: string) => environment[braced ?? bare ?? ''] ?? '',
    )
  for (const [word] of line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)) {
    if (word.startsWith('#')) break
    const pieces = [...word.matchAll(/'([^']*)'|"([^"]*)"|([^'"]+)/g)]
    words.push(pieces.map(([, single, double, bare]) => single ?? expand(double ?? bare ?? '')).join(''))
  }
  return words
}
