import net, { type AddressInfo } from 'node:net'
import type { VmunitError } from '@vmunit/core'
import ssh2 from 'ssh2'
import { describe, expect, it } from 'vitest'
import { fingerprint, parseHostKey } from '../../src/host-keys/host-key.ts'
import { newKeyPair } from '../support/new-key-pair.ts'
import { rejection } from '../support/rejection.ts'
import { useRoom } from '../support/room.ts'

const { room, access } = useRoom()
const strange = newKeyPair().public
const print = (key: string): string => fingerprint(parseHostKey(key).blob)

/** A server with a key of its own that counts how often somebody tries to log in. */
async function countingServer(): Promise<{ port: number; logins: () => number; close: () => void }> {
  let logins = 0
  const { private: hostKey } = newKeyPair()
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => {})
    client.on('authentication', (attempt) => {
      logins += 1
      attempt.reject()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { port, logins: () => logins, close: () => server.close() }
}

describe('the host key of a guest', () => {
  it('is verified before anybody logs in', async () => {
    const server = await countingServer()
    const target = { address: '127.0.0.1', port: server.port, hostKeys: [strange] }
    await rejection(access().open(target), 'ERR_HOST_KEY')
    expect(server.logins()).toBe(0)
    server.close()
  })

  it('of a type that cannot be verified is refused before anything is connected', async () => {
    let connections = 0
    const server = net.createServer((socket) => {
      connections += 1
      socket.destroy()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const type = Buffer.from('\0\0\0\u0007ssh-dss', 'latin1')
    const key = `ssh-dss ${Buffer.concat([type, Buffer.alloc(40, 1)]).toString('base64')}`
    const target = { address: '127.0.0.1', port, hostKeys: [key] }
    expect((await rejection(access().open(target), 'ERR_UNSUPPORTED')).message).toContain('ssh-dss')
    expect(connections).toBe(0)
    server.close()
  })

  it('that is not the expected one is refused, with both fingerprints', async () => {
    const { target } = await room().boot()
    const error = await rejection(access().open({ ...target, hostKeys: [strange] }), 'ERR_HOST_KEY')
    expect(error.retryable).toBe(false)
    expect(error.details).toMatchObject({ presented: print(target.hostKeys[0]!), expected: [print(strange)] })
    expect(error.message).toContain(print(strange))
  })

  it('may be any of those expected, also when the guest has more and prefers another', async () => {
    const { target } = await room().boot({ hostKeyTypes: ['ed25519', 'ecdsa', 'rsa'] })
    expect(target.hostKeys.map((key) => key.split(' ')[0])).toHaveLength(3)
    for (const hostKey of target.hostKeys) {
      await using guest = await access().open({ ...target, hostKeys: [hostKey] })
      expect((await guest.exec({ argv: ['true'] })).exitCode).toBe(0)
    }
  })

  it('of another type than the guest has is refused for good', async () => {
    const { target } = await room().boot()
    const ecdsa = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).public
    const error = await rejection(access().open({ ...target, hostKeys: [ecdsa] }), 'ERR_HOST_KEY')
    expect(error.retryable).toBe(false)
  })

  it('that nobody vouches for is refused, but the platform may learn it yet', async () => {
    const { target } = await room().boot()
    const error = await rejection(access().open({ ...target, hostKeys: [] }), 'ERR_HOST_KEY')
    expect(error.retryable).toBe(true)
    for (const way of ['guestinfo.vmunit.hostkeys', 'pins', 'known hosts']) expect(error.message).toContain(way)
  })

  it('of the image it was made from is refused, whoever vouches for it', async () => {
    const { target } = await room().boot()
    const refusals = [target.hostKeys, [], [strange]].map((hostKeys) =>
      rejection(access().open({ ...target, hostKeys, refusedHostKeys: target.hostKeys }), 'ERR_HOST_KEY_REUSED'),
    )
    for (const error of await Promise.all(refusals)) expect(error.retryable).toBe(false)
    await using guest = await access().open({ ...target, refusedHostKeys: [strange] })
    expect(await guest.bootId()).not.toBe('')
  })

  it('is not known when only the key of the image is, and the guest shows another', async () => {
    const { target } = await room().boot()
    const opening = access().open({ ...target, hostKeys: [], refusedHostKeys: [strange] })
    expect((await rejection(opening, 'ERR_HOST_KEY')).retryable).toBe(true)
  })

  it('is another one after the guest was made anew with the same address', async () => {
    const { host } = room()
    const { id, target } = await room().boot()
    const settings = host.list().find((guest) => guest.id === id)?.settings
    await host.remove(id)
    await host.start(id, settings!)
    await rejection(access().open(target), 'ERR_HOST_KEY')
    await using guest = await access().open({ ...target, hostKeys: await host.hostKeys(id) })
    expect(await guest.bootId()).not.toBe('')
  })
})

describe('who vouches for a guest without keys from the platform', () => {
  it('are pins, by address and by port', async () => {
    const { target } = await room().boot({ port: 2222 })
    const { address, hostKeys } = target
    const open = (pins: Record<string, readonly string[]>): Promise<unknown> =>
      access({ pins }).open({ address, port: 2222, hostKeys: [] })
    await open({ [`[${address}]:2222`]: hostKeys })
    await rejection(open({ [address]: hostKeys }), 'ERR_HOST_KEY')
    await rejection(open({ [`[${address}]:2222`]: [strange] }), 'ERR_HOST_KEY')
    await rejection(open({ [`[${address}]:2222`]: ['nonsense'] }), 'ERR_INVALID_INPUT')
  })

  it('are known hosts, which can also revoke', async () => {
    const { target } = await room().boot()
    const { address, hostKeys } = target
    const [key] = hostKeys
    const open = (content: string, given: readonly string[] = []): Promise<unknown> =>
      access({ knownHosts: { content } }).open({ address, hostKeys: given })
    await open(`${address} ${key}\n`)
    await rejection(open(`${address} ${strange}\n`), 'ERR_HOST_KEY')
    const revoked: VmunitError = await rejection(open(`${address} ${key}\n@revoked * ${key}\n`), 'ERR_HOST_KEY')
    expect(revoked.message).toContain('revoked')
    await rejection(open(`@revoked * ${key}\n`, hostKeys), 'ERR_HOST_KEY')
    await rejection(open(`@cert-authority * ${key}\n`), 'ERR_UNSUPPORTED')
  })

  it('is no file that does not exist', async () => {
    const { target } = await room().boot()
    const opening = access({ knownHosts: '/no/such/file' }).open({ ...target, hostKeys: [] })
    await rejection(opening, 'ERR_NOT_FOUND')
  })
})
