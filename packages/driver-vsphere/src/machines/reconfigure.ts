import type { Call } from '@vmunit/core'
import { machineReference } from '../properties/reference.ts'
import { textElement } from '../soap/element.ts'
import type { Perform } from '../tasks/perform.ts'
import { extraConfigElements } from './extra-config.ts'

/** Values to write into the configuration of a machine. */
export interface Reconfiguration {
  readonly id: string
  readonly values: Readonly<Record<string, string>>
  /** Refused with `ConcurrentAccess` when the configuration is not this one any more. */
  readonly changeVersion?: string | undefined
  readonly operationId?: string | undefined
}

/** Writes values into the extra configuration of a machine, all or none. */
export async function reconfigure(perform: Perform, change: Reconfiguration, call?: Call): Promise<void> {
  const { id, values, changeVersion, operationId } = change
  const content = `<spec>${textElement('changeVersion', changeVersion)}${extraConfigElements(values)}</spec>`
  await perform({ method: 'ReconfigVM_Task', self: machineReference(id), content, operationId }, call)
}
