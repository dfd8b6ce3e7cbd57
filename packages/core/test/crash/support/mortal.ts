import type { Guest, GuestAccess, Lease, StateStore } from '@vmunit/core'
import type { Life } from './life.ts'

type Method = (...args: unknown[]) => unknown

/**
 * The same port, until its manager dies: from then on nothing that is asked of it reaches it, and no answer comes back.
 * The port itself stays as it is; whoever has it directly can go on with it.
 */
export function mortal<Port extends object>(port: Port, life: Life, name: string): Port {
  const facets = new Map<PropertyKey, unknown>()
  const wrapped = (key: PropertyKey, value: unknown): unknown => {
    const path = typeof key === 'symbol' ? `${name}.dispose` : `${name}.${String(key)}`
    if (typeof value === 'object' && value !== null) return mortal(value, life, path)
    if (typeof value !== 'function' || SYNCHRONOUS.has(path)) return value
    const method = value as Method
    return (...args: unknown[]) => {
      if (STREAMS.has(path)) return stream(() => method.apply(port, args) as AsyncIterable<unknown>, life, path)
      return life.pass(path, args, async () => await method.apply(port, args))
    }
  }
  return new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (!facets.has(key)) facets.set(key, wrapped(key, value))
      return facets.get(key)
    },
  })
}

const SYNCHRONOUS = new Set(['hypervisor.limits.cost', 'hypervisor.changes'])
const STREAMS = new Set(['hypervisor.diagnostics', 'store.list', 'store.journal', 'store.getBlob', 'guests.pull'])

async function* stream<T>(open: () => AsyncIterable<T>, life: Life, name: string): AsyncGenerator<T, void, undefined> {
  const iterator = open()[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await life.pass(name, [], async () => await iterator.next())
      if (next.done === true) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

/** A store whose leases are not given back by a manager that died. */
export function mortalStore(
  store: StateStore,
  life: Life,
  change: (lease: Lease) => Lease = (lease) => lease,
): StateStore {
  const port = mortal(store, life, 'store')
  return {
    get: port.get,
    list: port.list,
    commit: port.commit,
    journal: port.journal,
    holder: port.holder,
    putBlob: port.putBlob,
    getBlob: port.getBlob,
    now: port.now,
    close: port.close,
    [Symbol.asyncDispose]: port.close,
    async acquire(key, options) {
      const lease = change(await port.acquire(key, options))
      return {
        key: lease.key,
        token: lease.token,
        lost: lease.lost,
        isHeld: () => lease.isHeld(),
        [Symbol.asyncDispose]: () => life.pass('lease.dispose', [], async () => await lease[Symbol.asyncDispose]()),
      }
    },
  }
}

export function mortalGuests(guests: GuestAccess, life: Life): GuestAccess {
  const port = mortal(guests, life, 'guests')
  return {
    open: async (target, call): Promise<Guest> => mortal(await port.open(target, call), life, 'guests'),
    close: port.close,
    [Symbol.asyncDispose]: port.close,
  }
}
