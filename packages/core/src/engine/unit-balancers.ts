import { balancerFileOf } from '../domain/definition.ts'
import { definitionParser, unitParser } from '../domain/parsers.ts'
import { UNIT_BALANCER } from '../domain/tier.ts'
import { VmunitError } from '../errors/index.ts'
import type { BalancerConnector, Call, LoadBalancer, StateStore, UnitBalancer } from '../ports/index.ts'
import { keys } from './documents.ts'

/** The load balancers that definition directories bring with them, shared by all runs of a manager. */
export interface UnitBalancers {
  /** By the name in the tiers of a unit, `:unit:gyoumu_a/web`; connected when it is first called. */
  of(name: string): LoadBalancer
  /** Closes what was connected. */
  close(): Promise<void>
}

export interface UnitBalancersOptions {
  readonly store: StateStore
  readonly connect: BalancerConnector
}

/** Connects to the balancers of units on demand: again when another definition was imported. */
export function createUnitBalancers({ store, connect }: UnitBalancersOptions): UnitBalancers {
  const connections = new Map<string, Promise<LoadBalancer>>()

  async function open(name: string, call: Call = {}): Promise<LoadBalancer> {
    const [unit = '', tierId = ''] = name.slice(UNIT_BALANCER.length).split('/')
    const [document] = await store.get([keys.unit(unit)], call)
    const definition = document === undefined ? undefined : unitParser.parse(document.value).definition
    const key = `${name} ${definition}`
    const known = connections.get(key)
    if (known !== undefined) return await known
    // Nobody's signal ends a connection that others wait for too.
    const opening = find({ unit, tierId, definition }).then(connect)
    connections.set(key, opening)
    try {
      return await opening
    } catch (error) {
      connections.delete(key)
      throw error
    }
  }

  async function find({ unit, tierId, definition }: Place): Promise<UnitBalancer> {
    const [document] = definition === undefined ? [] : await store.get([keys.definition(definition)])
    const found = document === undefined ? undefined : definitionParser.parse(document.value)
    const connection = found?.tiers.find(({ id }) => id === tierId)?.balancer?.connection
    const file = found === undefined ? undefined : balancerFileOf(found, tierId)
    if (connection !== undefined && file !== undefined) {
      const properties = Buffer.concat(await Array.fromAsync(store.getBlob(file.hash)))
      return { unit, tierId, connection, properties }
    }
    throw new VmunitError(
      'ERR_NOT_FOUND',
      `The definition of ${unit} brings no balancer for tier ${tierId} any more. Plan again.`,
      { details: { unit, tier: tierId } },
    )
  }

  return {
    of: (name) => ({
      ensurePool: async (pool, call) => await (await open(name, call)).ensurePool(pool, call),
      removePool: async (pool, call) => await (await open(name, call)).removePool(pool, call),
      ensureMember: async (pool, member, call) => await (await open(name, call)).ensureMember(pool, member, call),
      removeMember: async (pool, slot, call) => await (await open(name, call)).removeMember(pool, slot, call),
      traffic: async (pool, slot, to, call) => await (await open(name, call)).traffic(pool, slot, to, call),
      members: async (pool, call) => await (await open(name, call)).members(pool, call),
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    }),
    async close() {
      const opened = await Promise.allSettled(connections.values())
      connections.clear()
      await Promise.all(opened.flatMap((one) => (one.status === 'fulfilled' ? one.value.close() : [])))
    },
  }
}

interface Place {
  readonly unit: string
  readonly tierId: string
  readonly definition: string | undefined
}
