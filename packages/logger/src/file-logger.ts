import { type Closeable, type Logger, VmunitError } from '@vmunit/core'
import { pino } from 'pino'
import { openRollingFile } from './rolling-file.ts'

export interface FileLoggerOptions {
  /** The file that is written; the ones before it are `<file>.1`, `<file>.2` … One process writes it. */
  readonly file: string
  /** How large a file may grow. Default 10 MiB. */
  readonly maxBytes?: number | undefined
  /** How many files there are at most. Default 8. */
  readonly files?: number | undefined
  /** What is less important is left out. Default `info`. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | undefined
}

export type FileLogger = Logger & Closeable

/** Names of fields that are never written, at any depth that messages have. */
const SECRETS = ['password', 'passphrase', 'secret', 'signingSecret', 'token', 'privateKey', 'authorization', 'cookie']

/**
 * A log in files of bounded size and number: one JSON text per line, with level, time and fields.
 *
 * A line that cannot be written, on a full disk for example, is lost and fails nobody; how many were lost is written when
 * that is possible again.
 *
 * Fields that bear the name of a secret are blacked out; the manager itself never gives one.
 *
 * @throws {@link VmunitError} `ERR_INVALID_INPUT` for sizes and numbers that make no log.
 * @example
 * ```ts
 * await using logger = createFileLogger({ file: './log/manager.log', maxBytes: 1_048_576, files: 4 })
 * ```
 */
export function createFileLogger(options: FileLoggerOptions): FileLogger {
  const { file, maxBytes = 10 * 1_048_576, files = 8, level = 'info' } = options
  check('maxBytes', maxBytes, 1_024)
  check('files', files, 1)
  const rolling = openRollingFile({ file, maxBytes, files })
  let lost = 0

  function write(line: string): void {
    if (lost > 0 && rolling.write(lostLine(lost))) lost = 0
    if (!rolling.write(line)) lost += 1
  }

  const log = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '…' },
    },
    { write },
  )
  const at =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      log[name](withErrors(fields), message)
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    close: async () => rolling.close(),
    [Symbol.asyncDispose]: async () => rolling.close(),
  }
}

function lostLine(count: number): string {
  const time = new Date().toISOString()
  return `${JSON.stringify({ level: 'warn', time, pid: process.pid, lost: count, msg: 'lines could not be written' })}\n`
}

/** An error as its code and sentence: its properties may hold anything. */
function withErrors(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (!(value instanceof Error)) return [name, value]
      const code = 'code' in value ? { code: value.code } : {}
      return [name, { ...code, message: value.message }]
    }),
  )
}

function check(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new VmunitError('ERR_INVALID_INPUT', `${name} is ${value}; give a whole number of at least ${least}.`, {
    details: { name, value },
  })
}
