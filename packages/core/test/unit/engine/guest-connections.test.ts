import { describe, expect, it } from 'vitest'
import { createGuard } from '../../../src/engine/guard/guard.ts'
import { createGuestConnections, type GuestConnections } from '../../../src/engine/guest-connections.ts'
import { VmunitError } from '../../../src/errors/index.ts'
import type { Guest, GuestTarget, HypervisorDriver, InventoryScope } from '../../../src/ports/index.ts'

interface FakeGuest {
  readonly number: number
  isClosed: boolean
  /** Calls wait until one of these is called. */
  fail: (() => void)[]
}

interface Lab {
  readonly connections: GuestConnections
  readonly targets: GuestTarget[]
  readonly guests: FakeGuest[]
  readonly open: (more?: { machine?: string | undefined; address?: string; group?: string }) => Promise<Guest>
  refuse: Error | undefined
  listed: boolean
}

function lab(): Lab {
  const targets: GuestTarget[] = []
  const guests: FakeGuest[] = []
  const hypervisor = {
    inventory: async ({ ids = [] }: InventoryScope) =>
      await Promise.resolve({
        blind: [],
        machines: it.listed ? ids.map((id) => ({ id, hostKeys: [`ssh-ed25519 ${id}`] })) : [],
      }),
  } as unknown as HypervisorDriver
  const connections = createGuestConnections({
    guard: createGuard({ runId: 'run', manager: 'vmunit', lease: { isHeld: () => true } }),
    hypervisor: () => hypervisor,
    signal: new AbortController().signal,
    access: {
      async open(target) {
        targets.push(target)
        await Promise.resolve()
        if (it.refuse !== undefined) throw it.refuse
        const fake: FakeGuest = { number: guests.length + 1, isClosed: false, fail: [] }
        guests.push(fake)
        return {
          exec: () =>
            new Promise<never>((_resolve, reject) => {
              fake.fail.push(() => reject(new VmunitError('ERR_UNAVAILABLE', 'cut', { retryable: true })))
            }),
          bootId: async () => await Promise.resolve(`boot ${fake.number}`),
          close: async () => {
            fake.isClosed = true
            await Promise.resolve()
          },
        } as unknown as Guest
      },
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    },
  })
  const it: Lab = {
    connections,
    targets,
    guests,
    refuse: undefined,
    listed: true,
    open: ({ machine, address = '192.0.2.1', group = 'g1' } = { machine: 'vm-1' }) =>
      connections.open({ hypervisor: 'main', machine, address }, group),
  }
  return it
}

describe('the connections of a run', () => {
  it('are opened once per machine and address, also by many at the same time', async () => {
    const it = lab()
    await Promise.all([it.open(), it.open(), it.open()])
    await it.open()
    expect(it.targets).toHaveLength(1)
    await it.open({ machine: 'vm-2' })
    await it.open({ machine: 'vm-1', address: '192.0.2.2' })
    expect(it.targets).toHaveLength(3)
  })

  it('demand the host keys that the hypervisor vouches for', async () => {
    const it = lab()
    await it.open()
    expect(it.targets[0]?.hostKeys).toEqual(['ssh-ed25519 vm-1'])
    await it.open({ machine: undefined })
    expect(it.targets[1]?.hostKeys).toEqual([])
  })

  it('wait for a machine that the hypervisor does not list now', async () => {
    const it = lab()
    it.listed = false
    await expect(it.open()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
    expect(it.targets).toEqual([])
  })

  it('are tried again after one could not be opened', async () => {
    const it = lab()
    it.refuse = new VmunitError('ERR_HOST_KEY', 'another key')
    await expect(Promise.all([it.open(), it.open()])).rejects.toMatchObject({ code: 'ERR_HOST_KEY' })
    it.refuse = undefined
    expect(await (await it.open()).bootId()).toBe('boot 1')
  })

  it('are replaced when they break', async () => {
    const it = lab()
    const call = (await it.open()).exec({ argv: ['true'] })
    it.guests[0]?.fail[0]?.()
    await expect(call).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    expect(it.guests[0]?.isClosed).toBe(true)
    expect(await (await it.open()).bootId()).toBe('boot 2')
  })

  it('keep the new one when a second call on the broken one fails later', async () => {
    const it = lab()
    const first = await it.open()
    const calls = [first.exec({ argv: ['a'] }), first.exec({ argv: ['b'] })]
    it.guests[0]?.fail[0]?.()
    await expect(calls[0]).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    await it.open()
    it.guests[0]?.fail[1]?.()
    await expect(calls[1]).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    expect(await (await it.open()).bootId()).toBe('boot 2')
    await it.connections.close()
    expect(it.guests.map(({ isClosed }) => isClosed)).toEqual([true, true])
  })

  it('do not add up in a large fleet: those of the last groups are kept, those of a group in work too', async () => {
    const it = lab()
    const isOpen = (): readonly number[] => it.guests.flatMap(({ number, isClosed }) => (isClosed ? [] : number))
    await it.open({ machine: 'vm-0', group: 'in work' })
    for (let number = 1; number <= 500; number += 1) {
      await it.open({ machine: `vm-${number}`, group: `g${number}` })
      it.connections.rest(`g${number}`)
    }
    await expect.poll(() => isOpen().length).toBe(65)
    expect(isOpen()[0]).toBe(1)
    expect(await (await it.open({ machine: 'vm-500', group: 'again' })).bootId()).toBe('boot 501')
    expect(await (await it.open({ machine: 'vm-1', group: 'again' })).bootId()).toBe('boot 502')
    await it.connections.close()
    expect(isOpen()).toEqual([])
  })

  it('are all closed at the end', async () => {
    const it = lab()
    await it.open()
    await it.open({ machine: 'vm-2' })
    await it.connections.close()
    expect(it.guests.map(({ isClosed }) => isClosed)).toEqual([true, true])
  })
})
