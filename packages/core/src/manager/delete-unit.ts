import type { UnitRecord } from '../domain/management-unit.ts'
import { checkUnclaimed } from '../engine/claims.ts'
import { configured } from '../engine/configured.ts'
import { keys } from '../engine/documents.ts'
import { findBalancer } from '../engine/find-balancer.ts'
import { isVmunitError, VmunitError } from '../errors/index.ts'
import type { Call, StateStore } from '../ports/index.ts'
import type { ManagerContext } from './manager-context.ts'

const MAX_TRIES = 50

/**
 * Removes a unit that has no groups: first its pools at the balancers, then its record.
 *
 * Groups come and go only under the claim of a run, and creating a run writes the record of its unit: one that was
 * created since the record was read makes this look again. When a balancer does not answer the unit stays, and the call
 * may be repeated.
 *
 * @throws {@link VmunitError} `ERR_WRONG_STATE` while it has groups, `ERR_CLAIMED` while a run works on it.
 */
export async function deleteUnit(ports: ManagerContext['ports'], unit: UnitRecord, call: Call = {}): Promise<void> {
  const { store } = ports
  const scopes = [`unit/${unit.name}`, `definition/${unit.name}`]
  for (let tries = 1; ; tries += 1) {
    const [record, ...claims] = await store.get([keys.unit(unit.name), ...scopes.map(keys.claims)], call)
    if (record === undefined) return
    for (const document of claims) checkUnclaimed(unit.name, document?.value)
    await checkEmpty(store, unit.name, call)
    await removePools(ports, unit, call)
    try {
      await store.commit({ put: [{ key: keys.unit(unit.name), revision: record.revision, value: undefined }] }, call)
      return
    } catch (error) {
      if (!isVmunitError(error, 'ERR_CONFLICT') || tries === MAX_TRIES) throw error
    }
  }
}

async function checkEmpty(store: StateStore, unit: string, call: Call): Promise<void> {
  const groups: string[] = []
  for await (const { key } of store.list(keys.groupsOf(unit), call)) groups.push(key.slice(keys.groupsOf(unit).length))
  if (groups.length === 0) return
  throw new VmunitError(
    'ERR_WRONG_STATE',
    `Unit ${unit} still has ${groups.length === 1 ? 'a group' : `${groups.length} groups`}: ${groups.slice(0, 20).join(', ')}. Stop and detach them first.`,
    { details: { unit, groups } },
  )
}

async function removePools(ports: ManagerContext['ports'], { tiers }: UnitRecord, call: Call): Promise<void> {
  const known = new Map(Object.entries(ports.balancers))
  const places = tiers.flatMap(({ balancer }) => balancer ?? [])
  const pools = places.map(({ name, pool }) => ({
    balancer: findBalancer(ports, name) ?? configured(known, 'balancer', name),
    pool,
  }))
  for (const { balancer, pool } of pools) {
    // The unit has no servers, so whoever is in there is somebody else's.
    const members = await balancer.members(pool, call)
    if (members.length === 0) await balancer.removePool(pool, call)
  }
}
