import type { Observed } from '../../domain/observed.ts'
import type { HypervisorDriver, Machine, StepContext } from '../../ports/index.ts'

/** Looks for one machine by id. Absent only when every part of the hypervisor answered. */
export async function findMachine(
  hypervisor: HypervisorDriver,
  id: string,
  context: StepContext,
): Promise<Observed<Machine>> {
  const { machines, blind } = await hypervisor.inventory({ ids: [id] }, context)
  const [machine] = machines
  if (machine !== undefined) {
    if (machine.marker === 'unreadable') return { state: 'unknown', detail: `the marker of ${id} cannot be read` }
    return { state: 'done', value: machine }
  }
  if (blind.length > 0) return { state: 'unknown', detail: `${blind.join(', ')} did not answer` }
  return { state: 'absent' }
}
