import type { Marker, OwnedMachine } from '@vmunit/core'
import { sameMarker } from '@vmunit/core/marker'
import { VmunitError } from '../errors.ts'
import type { MachineConfig, MachineFacts } from './machine-facts.ts'

/** A machine whose configuration could be read. */
export type ReadableMachine = MachineFacts & { readonly config: MachineConfig }

/**
 * Refuses a machine that cannot be judged now.
 *
 * @throws VmunitError `ERR_NOT_FOUND` when there is none; `ERR_UNAVAILABLE`, retryable, when its host does not answer
 * or its configuration cannot be read.
 */
export function checkReadable(facts: MachineFacts | undefined, id: string): ReadableMachine {
  if (facts === undefined || facts.config?.isTemplate === true) {
    throw new VmunitError('ERR_NOT_FOUND', `There is no machine ${id}: look at what is there now.`, {
      details: { machine: id },
    })
  }
  const { config, isConnected, host, name } = facts
  if (config !== undefined && isConnected) return { ...facts, config }
  const reason = isConnected
    ? 'its configuration cannot be read while it is being made'
    : `its host ${host} or its datastore cannot be reached`
  throw new VmunitError('ERR_UNAVAILABLE', `Machine ${name} (${id}) is not changed: ${reason}.`, {
    retryable: true,
    details: { machine: id, host },
  })
}

/**
 * Refuses a machine that does not bear the marker.
 *
 * @throws VmunitError as {@link checkReadable}; `ERR_NOT_OWNED` when it bears another marker or none.
 */
export function checkOwned(facts: MachineFacts | undefined, { id, marker }: OwnedMachine): ReadableMachine {
  const machine = checkReadable(facts, id)
  const found = machine.config.marker
  if (sameMarker(found, marker)) return machine
  throw notOwned(machine, found)
}

/** Says whose a machine is instead. */
export function notOwned({ id, name, config }: ReadableMachine, found: Marker | undefined): VmunitError {
  const copied = config.copiedMarker === undefined ? '' : ' (the one in it was copied from another machine)'
  const bears = found === undefined ? `bears no marker${copied}` : `bears the marker of ${found.operationId}`
  return new VmunitError('ERR_NOT_OWNED', `Machine ${name} (${id}) ${bears}: look whose it is before you go on.`, {
    details: { machine: id, found },
  })
}
