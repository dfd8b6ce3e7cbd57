import type { Socket } from 'node:net'
import * as z from 'zod'
import type { Parser } from '../../domain/plain.ts'
import { ERROR_CODES, type ErrorCode } from '../../errors/codes.ts'
import { isVmunitError, VmunitError } from '../../errors/vmunit-error.ts'

/** What a world process says about itself. */
export interface WorldDescription {
  readonly pid: number
  readonly limits?: { readonly create: number } | undefined
}

/** A question of a client about, or to, the process. */
export interface ControlMessage {
  readonly id: number
  readonly control: 'describe' | 'stop'
}

/** A call of a client. */
export interface CallMessage {
  readonly id: number
  readonly caller: string
  readonly method: string
  readonly args: readonly unknown[]
  readonly sentAt: number
}

/** From client to world; an abort names the call whose answer nobody wants any more. */
export type ClientMessage = CallMessage | ControlMessage | { readonly abort: number }

/** An error as it travels. */
export interface WireError {
  readonly code?: string | undefined
  readonly message: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>
}

/** From world to client. */
export interface WorldMessage {
  readonly id: number
  readonly value?: unknown
  readonly error?: WireError | undefined
}

/** Reads what a world process says about itself. */
export const worldDescription: Parser<WorldDescription> = z.object({
  pid: z.int(),
  limits: z.object({ create: z.int() }).optional(),
})

/** Reads what a client says. */
export const clientMessage: Parser<ClientMessage> = z.union([
  z.object({ id: z.int(), caller: z.string(), method: z.string(), args: z.array(z.unknown()), sentAt: z.number() }),
  z.object({ id: z.int(), control: z.enum(['describe', 'stop']) }),
  z.object({ abort: z.int() }),
])

const wireError = z.object({
  code: z.string().optional(),
  message: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()),
})

/** Reads what a world says. */
export const worldMessage: Parser<WorldMessage> = z.object({
  id: z.int(),
  value: z.unknown().optional(),
  error: wireError.optional(),
})

/** Writes one message. */
export function writeMessage(socket: Socket, message: unknown): void {
  socket.write(formatMessage(message))
}

/** One message as one line; byte arrays travel as base64. */
export function formatMessage(message: unknown): string {
  const text = JSON.stringify(message, function (this: Readonly<Record<string, unknown>>, key, value: unknown) {
    // A Buffer has turned itself into JSON before this function sees it; its holder still has it.
    const original = this[key]
    return original instanceof Uint8Array ? { $bytes: Buffer.from(original).toString('base64') } : value
  })
  return `${text}\n`
}

/** Calls back for each message that arrives. */
export function readMessages(socket: Socket, onMessage: (message: unknown) => void): void {
  let parts: string[] = []
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const [first = '', ...rest] = chunk.split('\n')
    parts.push(first)
    for (const next of rest) {
      onMessage(parse(parts.join('')))
      parts = [next]
    }
  })
}

function parse(text: string): unknown {
  if (!text.includes('"$bytes"')) return JSON.parse(text)
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('$bytes' in value)) return value
    return Uint8Array.from(Buffer.from(String(value.$bytes), 'base64'))
  })
}

/** Makes an error ready to travel. */
export function packError(error: unknown): WireError {
  const message = error instanceof Error ? error.message : String(error)
  if (isVmunitError(error)) return { code: error.code, message, retryable: error.retryable, details: error.details }
  return { code: error instanceof TypeError ? 'TypeError' : undefined, message, retryable: false, details: {} }
}

/** The error that travelled. */
export function unpackError({ code = '', message, ...options }: WireError): Error {
  if (code === 'TypeError') return new TypeError(message)
  return new VmunitError(isErrorCode(code) ? code : 'ERR_DRIVER', message, options)
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code)
}
