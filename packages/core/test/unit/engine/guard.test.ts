import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, vi } from 'vitest'
import { createGuard, DRIVER_CALLS } from '../../../src/engine/guard/guard.ts'
import { guardBalancer } from '../../../src/engine/guard/guard-balancer.ts'
import { guardGuest } from '../../../src/engine/guard/guard-guest.ts'
import { guardHypervisor } from '../../../src/engine/guard/guard-hypervisor.ts'
import { createLimiter } from '../../../src/engine/limiter.ts'
import { isVmunitError, VmunitError } from '../../../src/errors/index.ts'
import type { Call, Guest, HypervisorDriver, LoadBalancer, OwnedMachine } from '../../../src/ports/index.ts'

const guardOf = (isHeld: () => boolean = () => true) =>
  createGuard({ runId: 'run', manager: 'vmunit', lease: { isHeld } })

/** An object in which every method exists and tells that it was called. */
function telling<T>(calls: string[], prefix = ''): T {
  return new Proxy(
    {},
    {
      get: (_target, name) => {
        if (name === 'images') return telling(calls, 'images.')
        if (['limits', 'readdress', 'snapshots', 'diagnostics', 'changes', 'then'].includes(String(name)))
          return undefined
        return async (): Promise<unknown> => {
          calls.push(`${prefix}${String(name)}`)
          return await Promise.resolve({ machines: [], blind: [] })
        }
      },
    },
  ) as T
}

const machine: OwnedMachine = { id: 'vm-1', marker: { manager: 'vmunit', unit: 'u', slot: 's', operationId: 'o' } }
const foreign: OwnedMachine = { id: 'vm-1', marker: { ...machine.marker, manager: 'other' } }

/** Calls every method with arguments that do; by name. */
async function callAll(port: object): Promise<Readonly<Record<string, unknown>>> {
  const results: Record<string, unknown> = {}
  const { images, ...own } = port as HypervisorDriver
  const methods = [
    ...Object.entries(own),
    ...Object.entries(images ?? {}).map(([name, f]) => [`images.${name}`, f] as const),
  ]
  for (const [name, method] of methods) {
    if (typeof method !== 'function' || ['close', 'pull', 'kind'].includes(name)) continue
    results[name] = await Promise.resolve(method(machine, machine)).then(
      () => 'called',
      (error: unknown) => (isVmunitError(error) ? error.code : error),
    )
  }
  return results
}

describe('the guard', () => {
  const LOOKS = [
    'inventory',
    'created',
    'images.list',
    'images.published',
    'members',
    'exec',
    'job',
    'pushed',
    'bootId',
  ]

  it.for<readonly [string, (calls: string[], isHeld: () => boolean) => object]>([
    [
      'a hypervisor',
      (calls, isHeld) => guardHypervisor(telling<HypervisorDriver>(calls), guardOf(isHeld), createLimiter()),
    ],
    ['a balancer', (calls, isHeld) => guardBalancer(telling<LoadBalancer>(calls), guardOf(isHeld))],
    ['a guest', (calls, isHeld) => guardGuest(telling<Guest>(calls), guardOf(isHeld), () => {})],
  ])('lets a process without the lease look at %s and change nothing', async ([, make]) => {
    const held: string[] = []
    const results = await callAll(make(held, () => true))
    expect(Object.values(results).every((result) => result === 'called')).toBe(true)
    expect(held.length).toBeGreaterThan(4)

    const calls: string[] = []
    const stale = await callAll(make(calls, () => false))
    for (const [name, result] of Object.entries(stale)) {
      expect(result, name).toBe(LOOKS.includes(name) ? 'called' : 'ERR_LEASE_LOST')
    }
    expect(calls.every((name) => LOOKS.includes(name))).toBe(true)
  })

  it('asks the lease as the last act before the call, also after a wait for room', async () => {
    let isHeld = true
    const calls: string[] = []
    const driver = {
      ...telling<HypervisorDriver>(calls),
      images: telling<HypervisorDriver['images']>(calls),
      power: async () => await Promise.resolve(calls.push('power')),
      limits: { cost: () => [{ resource: 'host', units: 1, capacity: 1 }] },
    } as unknown as HypervisorDriver
    const limiter = createLimiter()
    const { promise, resolve } = Promise.withResolvers<void>()
    const occupied = limiter.run([{ resource: 'host', units: 1, capacity: 1 }], () => promise)
    const waiting = guardHypervisor(
      driver,
      guardOf(() => isHeld),
      limiter,
    ).power(machine, 'on')
    isHeld = false
    resolve()
    await occupied
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    expect(calls).toEqual([])
  })

  it.for(['release', 'power', 'remove', 'images.publish'])(
    'refuses %s of a machine of another manager',
    async (name) => {
      const calls: string[] = []
      const guarded = guardHypervisor(telling<HypervisorDriver>(calls), guardOf(), createLimiter())
      const owner = (name.startsWith('images.') ? guarded.images : guarded) as unknown as Record<
        string,
        (machine: OwnedMachine) => Promise<void>
      >
      const method = owner[name.replace('images.', '')]
      await expect((async () => await method?.(foreign))()).rejects.toMatchObject({ code: 'ERR_NOT_OWNED' })
      expect(calls).toEqual([])
    },
  )

  it('never closes a driver: it belongs to its creator', async () => {
    const calls: string[] = []
    const guard = guardOf()
    await guardHypervisor(telling(calls), guard, createLimiter()).close()
    await guardBalancer(telling(calls), guard).close()
    await guardGuest(telling(calls), guard, () => {}).close()
    expect(calls).toEqual([])
  })

  it('gives foreign errors a code and keeps them as the cause', async () => {
    const cause = new Error('soap:Server')
    const error = await guardOf()
      .look('hypervisor.inventory', () => Promise.reject(cause))
      .catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'ERR_DRIVER', cause, message: expect.stringContaining('hypervisor.inventory') })
    await expect(guardOf().mutate('x', () => Promise.reject('text'))).rejects.toMatchObject({ code: 'ERR_DRIVER' })
  })

  it.for([
    new VmunitError('ERR_CONFLICT', 'taken'),
    new TypeError('not a string'),
    new DOMException('stop', 'AbortError'),
  ])('passes %s on as it is', async (error) => {
    await expect(guardOf().look('x', () => Promise.reject(error))).rejects.toBe(error)
  })

  it('publishes every call for tracing', async () => {
    const messages: unknown[] = []
    const listen = (message: unknown): void => void messages.push(message)
    subscribe(DRIVER_CALLS, listen)
    try {
      const error = new Error('boom')
      await guardOf().look('a', async () => await Promise.resolve(1))
      await guardOf()
        .mutate('b', () => Promise.reject(error))
        .catch(() => {})
      await guardOf(() => false)
        .mutate('c', async () => await Promise.resolve(1))
        .catch(() => {})
      expect(messages).toMatchObject([
        { runId: 'run', call: 'a', mutating: false, durationMs: expect.any(Number), error: undefined },
        { runId: 'run', call: 'b', mutating: true, error },
        { runId: 'run', call: 'c', mutating: true, error: { code: 'ERR_LEASE_LOST' } },
      ])
    } finally {
      unsubscribe(DRIVER_CALLS, listen)
    }
  })

  it('tells when a guest has gone, and only then', async () => {
    const gone = vi.fn<() => void>()
    const guest = {
      exec: () => Promise.reject(new VmunitError('ERR_UNAVAILABLE', 'gone', { retryable: true })),
      job: () => Promise.reject(new VmunitError('ERR_COMMAND_FAILED', 'exit code 1')),
    } as unknown as Guest
    const guarded = guardGuest(guest, guardOf(), gone)
    await expect(guarded.job('id')).rejects.toMatchObject({ code: 'ERR_COMMAND_FAILED' })
    expect(gone).not.toHaveBeenCalled()
    await expect(guarded.exec({ argv: ['true'] })).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    expect(gone).toHaveBeenCalledOnce()
  })

  it('lets drivers ask again, as the last thing before a request leaves', async () => {
    let isHeld = true
    const guard = guardOf(() => isHeld)
    const sent: string[] = []
    const balancer = guardBalancer(
      {
        async traffic(_pool: string, slot: string, _to: string, call?: Call) {
          call?.permit?.()
          sent.push(`${slot}, first request`)
          // As when the process is stopped between two requests of one call.
          isHeld = false
          await Promise.resolve()
          call?.permit?.()
          sent.push(`${slot}, second request`)
        },
      } as unknown as LoadBalancer,
      guard,
    )
    await expect(balancer.traffic('p', 's', 'in')).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    expect(sent).toEqual(['s, first request'])
  })

  it('hands on what a call waits for, and says when it is the limits of the hypervisor', async () => {
    const said: string[] = []
    const limits = { cost: () => [{ resource: 'r', units: 1, capacity: 1 }] }
    const driver = {
      ...telling<HypervisorDriver>([]),
      limits,
      power: async (_machine: OwnedMachine, _to: string, call?: Call) => call?.waitingFor?.('task 7'),
    } as unknown as HypervisorDriver
    const guarded = guardHypervisor(driver, guardOf(), createLimiter())
    await guarded.power(machine, 'on', { waitingFor: (what) => said.push(what) })
    expect(said).toEqual([
      'room for "power" within the limits of the hypervisor',
      'the hypervisor to carry out "power"',
      'task 7',
    ])
  })
})
