import type { WorldMethod } from './calls.ts'
import { ownMarker, type WorldState } from './state.ts'
import { TRAITS } from './traits.ts'

/** What a call is about, for logs and fault rules. */
export interface CallSubject {
  /** The most telling name. */
  readonly subject: string
  /** All names under which a fault rule may mean it. */
  readonly names: readonly string[]
  readonly operationId: string | undefined
}

/**
 * Finds out what a call is about: a machine id, else a slot, else the first name in its arguments.
 *
 * Arguments are told apart by their shape; only what is a bare string needs a trait.
 */
export function subjectOf(state: WorldState, method: WorldMethod, args: readonly unknown[]): CallSubject {
  const { operationIdAt, subjectAt } = TRAITS[method]
  const found: Found = { machines: [], slots: [], names: [], operationIds: [] }
  args.forEach((arg, index) => {
    if (typeof arg !== 'string') collect(state, arg, found)
    else if (index === operationIdAt) found.operationIds.push(arg)
    else if (index === subjectAt) found.slots.push(arg)
    else if (state.machines.has(arg)) found.machines.push(arg)
    else found.names.push(arg)
  })
  const { machines, slots, names, operationIds } = found
  const all = [...machines, ...slots, ...names]
  const [subject = ''] = all
  return { subject, names: [...all, ...operationIds], operationId: operationIds[0] }
}

interface Found {
  readonly machines: string[]
  readonly slots: string[]
  readonly names: string[]
  readonly operationIds: string[]
}

const NAMING = new Set(['name', 'image', 'template', 'unit'])

function collect(state: WorldState, arg: unknown, found: Found): void {
  if (typeof arg !== 'object' || arg === null || Array.isArray(arg)) return
  for (const [key, value] of Object.entries(arg)) {
    if (key === 'marker') collect(state, value, found)
    if (typeof value !== 'string') continue
    if (key === 'id') found.machines.push(value)
    else if (key === 'slot') found.slots.push(value)
    else if (key === 'operationId') found.operationIds.push(value)
    else if (key === 'address') collectAddress(state, value, found)
    else if (NAMING.has(key)) found.names.push(value)
  }
}

function collectAddress(state: WorldState, address: string, found: Found): void {
  found.names.push(address)
  const machine = state.machines.get(state.addresses.get(address) ?? '')
  if (machine === undefined) return
  found.machines.push(machine.id)
  const slot = ownMarker(machine)?.slot
  if (slot !== undefined) found.slots.push(slot)
}
