import type { Closeable, Guest, GuestAccess } from '@vmunit/core'
import { quote } from './commands/quote.ts'
import { createChannels } from './connection/channels.ts'
import { createIdentity } from './connection/identity.ts'
import { limitsOf } from './connection/limits.ts'
import { directStream, openOver, type RouteOptions, streamThrough } from './connection/route.ts'
import { VmunitError } from './errors.ts'
import { createSshGuest } from './guest/ssh-guest.ts'
import { checkOptions, type JumpHost, type SshAccessOptions } from './options.ts'

/**
 * Reaches guests over SSH.
 *
 * A guest must prove a host key that somebody vouches for before anything is sent to it: the hypervisor
 * (`GuestTarget.hostKeys`), else `pins`, else `knownHosts`. Nothing is connected before the first `open`. The access
 * owns the guests that it opened, and closes them.
 *
 * @throws TypeError when an option is missing or wrong.
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises'
 * import { createSshAccess } from '@vmunit/driver-ssh'
 *
 * await using access = createSshAccess({
 *   username: 'deploy',
 *   privateKey: () => readFile('./id_ed25519'),
 *   knownHosts: './known_hosts',
 * })
 * await using guest = await access.open({ address: '192.168.1.110', hostKeys: [] })
 * const { exitCode } = await guest.exec({ argv: ['systemctl', 'is-active', 'application'] })
 * ```
 */
export function createSshAccess(options: SshAccessOptions): GuestAccess {
  checkOptions(options)
  const limits = limitsOf(options)
  const stateDirectory = stateDirectoryOf(options)
  const { stream, close: closeJumps } = wayTo(options)
  const route: RouteOptions = { identity: createIdentity(options), sources: options, limits, stream }
  const guests = new Set<Closeable>()
  let closing: Promise<void> | undefined

  function assertOpen(): void {
    if (closing !== undefined) throw new VmunitError('ERR_CLOSED', 'The SSH access was closed. Create a new one.')
  }

  async function closeAll(): Promise<void> {
    await Promise.allSettled([...guests].map((guest) => guest.close()))
    await closeJumps()
  }

  function close(): Promise<void> {
    closing ??= closeAll()
    return closing
  }

  return {
    async open(target, call = {}): Promise<Guest> {
      call.signal?.throwIfAborted()
      assertOpen()
      const { address, port = options.port ?? 22, hostKeys, refusedHostKeys = [] } = target
      const link = await openOver(route, { address, port, hostKeys, refusedHostKeys }, call)
      const session = { link, channels: createChannels(link, limits.maxChannels) }
      const settings = { stateDirectory, verify: options.verify ?? 'hash' } as const
      const guest = createSshGuest(session, settings, () => void guests.delete(guest))
      if (closing !== undefined) await guest.close()
      assertOpen()
      guests.add(guest)
      return guest
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function stateDirectoryOf({ stateDirectory, username }: SshAccessOptions): string {
  if (stateDirectory !== undefined) return quote(stateDirectory)
  return username === 'root' ? '/var/lib/vmunit' : '"$HOME/.vmunit"'
}

/** Each jump host is reached through the one before it. */
function wayTo(options: SshAccessOptions): {
  readonly stream: RouteOptions['stream']
  readonly close: () => Promise<void>
} {
  const limits = limitsOf(options)
  const jumps = options.jump === undefined ? [] : [options.jump].flat()
  const closers: (() => Promise<void>)[] = []
  let stream = directStream(limits)
  for (const jump of jumps as readonly JumpHost[]) {
    const { address, port = 22, hostKeys = [], ...credentials } = jump
    const identity = createIdentity({ ...options, ...credentials })
    const route = { identity, sources: options, limits, stream }
    const through = streamThrough(() => openOver(route, { address, port, hostKeys, refusedHostKeys: [] }, {}))
    closers.unshift(through.close)
    stream = through.stream
  }
  return {
    stream,
    async close() {
      for (const close of closers) await close()
    },
  }
}
