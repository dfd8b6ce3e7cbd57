import assert from 'node:assert/strict'
import type { Marker } from '../../../domain/marker.ts'
import type { CreateMachine, Inventory, Machine, OwnedMachine } from '../../../ports/index.ts'
import { freshName, freshOperationId } from '../fresh.ts'
import type { HypervisorLab } from '../hypervisor-lab.ts'

/** A marker of this lab's manager that no machine bears. */
export function newMarker(lab: HypervisorLab, unit: string = lab.unit): Marker {
  return { manager: lab.manager, unit, slot: 'vmgroup_1/web/0', operationId: freshOperationId() }
}

/** What to ask for when one more machine is wanted. */
export function newMachine(lab: HypervisorLab, marker: Marker = newMarker(lab)): CreateMachine {
  return { marker, name: freshName('vmunit'), image: lab.image, networks: lab.networks() }
}

/** Makes a machine of ours. */
export async function makeMachine(lab: HypervisorLab, marker: Marker = newMarker(lab)): Promise<OwnedMachine> {
  const { id } = await lab.driver.create(newMachine(lab, marker))
  return { id, marker }
}

/** The same place in the fleet, marked by another operation. */
export function otherMarker(marker: Marker): Marker {
  return { ...marker, operationId: freshOperationId() }
}

/** Looks at one machine; undefined when there is none. */
export async function findMachine(lab: HypervisorLab, id: string): Promise<Machine | undefined> {
  const inventory: Inventory = await lab.driver.inventory({ ids: [id] })
  assert.deepEqual(inventory.blind, [])
  return inventory.machines.find((machine) => machine.id === id)
}

/** Looks at one machine that must exist. */
export async function getMachine(lab: HypervisorLab, id: string): Promise<Machine> {
  const machine = await findMachine(lab, id)
  assert.ok(machine, `machine ${id} is not in the inventory`)
  return machine
}

/** The ids of all machines, ascending. */
export async function allIds(lab: HypervisorLab): Promise<readonly string[]> {
  const inventory = await lab.driver.inventory({})
  return inventory.machines.map((machine) => machine.id).toSorted()
}

/** The ids of the machines that were not there before, ascending. */
export async function addedIds(lab: HypervisorLab, before: readonly string[]): Promise<readonly string[]> {
  const known = new Set(before)
  return (await allIds(lab)).filter((id) => !known.has(id))
}
