import { setTimeout as pause } from 'node:timers/promises'
import type { ClientChannel } from 'ssh2'
import { VmunitError } from '../errors.ts'
import type { Link } from './link.ts'
import { mapSshError } from './map-error.ts'

/** Runs commands over one connection, so many at the same time as the server permits. */
export interface Channels {
  /**
   * Starts a command when there is room. `attach` is called with the channel before anything of it is read: what a
   * server sends may arrive in one piece with its consent.
   */
  open(command: Uint8Array, attach: (channel: ClientChannel) => void, signal?: AbortSignal): Promise<void>
  /** The same without waiting for its turn, for what ends another command. */
  openUrgent(command: Uint8Array, attach: (channel: ClientChannel) => void): Promise<void>
}

interface Waiting {
  readonly start: () => void
  readonly reject: (reason: unknown) => void
}

/** Reasons of RFC 4254 for which a server that runs out of sessions refuses one. */
const NO_ROOM: ReadonlySet<unknown> = new Set([1, 2, 4])

/** A server that has just closed a session may still count it when it is asked for the next. */
const MOST_TRIES = 20

const GROW_AFTER = 32

function isRefusal(error: unknown): boolean {
  return NO_ROOM.has((error as { reason?: unknown }).reason)
}

/** Bounds the channels of a connection. A server that permits fewer is believed, and asked for no more. */
export function createChannels(link: Link, maxChannels: number): Channels {
  const waiting: Waiting[] = []
  let limit = maxChannels
  let busy = 0
  let started = 0

  link.onLost((reason) => {
    for (const { reject } of waiting.splice(0)) reject(reason)
  })

  function next(): void {
    while (busy < limit) {
      const first = waiting.shift()
      if (first === undefined) return
      busy += 1
      first.start()
    }
  }

  function release(): void {
    busy -= 1
    next()
  }

  /** A refusal may have been a matter of milliseconds; a little more is dared after many commands. */
  function grow(): void {
    started += 1
    if (started % GROW_AFTER === 0 && limit < maxChannels) limit += 1
  }

  async function turn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    const failure = link.failure()
    if (failure !== undefined) throw failure
    if (busy < limit && waiting.length === 0) {
      busy += 1
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const entry = { start: resolve, reject }
    const onAbort = (): void => {
      const place = waiting.indexOf(entry)
      if (place !== -1) waiting.splice(place, 1)
      reject(signal?.reason)
    }
    waiting.push(entry)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  return {
    async open(command, attach, signal) {
      await turn(signal)
      for (let alone = 0; ; ) {
        try {
          await startCommand(link, command, (channel) => {
            channel.once('close', release)
            attach(channel)
          })
          grow()
          return
        } catch (error) {
          alone = busy === 1 ? alone + 1 : 0
          limit = Math.max(1, busy - 1)
          const problem = isRefusal(error) ? undefined : mapSshError(link.server, error)
          if (problem !== undefined || alone > MOST_TRIES) {
            release()
            throw problem ?? noSession(link.server, error)
          }
          if (alone === 0) {
            release()
            await turn(signal)
          } else await pause(10 * alone)
        }
      }
    },
    async openUrgent(command, attach) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await startCommand(link, command, attach)
        } catch (error) {
          if (!isRefusal(error) || tries > MOST_TRIES) throw error
          await pause(10 * tries)
        }
      }
    },
  }
}

async function startCommand(link: Link, command: Uint8Array, attach: (channel: ClientChannel) => void): Promise<void> {
  const failure = link.failure()
  if (failure !== undefined) throw failure
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stopListening = link.onLost(reject)
  try {
    // Bytes, although its types say text: an argument need not be UTF-8.
    link.client.exec(command as unknown as string, (error, channel) => {
      if (error === undefined) {
        attach(channel)
        resolve()
      } else reject(link.failure() ?? error)
    })
    await promise
  } finally {
    stopListening()
  }
}

function noSession(server: string, cause: unknown): VmunitError {
  return new VmunitError(
    'ERR_UNAVAILABLE',
    `${server} permits no command. Raise MaxSessions of its sshd, or end what hangs there.`,
    { cause, retryable: true, details: { server } },
  )
}
