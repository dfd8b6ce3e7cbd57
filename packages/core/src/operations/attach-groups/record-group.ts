import * as z from 'zod'
import { addressesOf } from '../../domain/addresses.ts'
import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import { schemas } from '../../domain/parsers.ts'
import { keys, plain } from '../../engine/documents.ts'
import type { DocumentUpdate, StepKind } from '../../ports/index.ts'
import { draft, type Stage } from '../roll/stage.ts'
import { recordStep } from '../steps/record-step.ts'

const input = z.object({ group: schemas.group })
type Input = z.infer<typeof input>

/** Registers a group and its addresses. */
export const recordGroup: StepKind<Input, Record<string, never>> = recordStep({
  name: 'group.record',
  input,
  writes({ group }) {
    const holders = group.servers.flatMap((server) =>
      addressesOf(server).map(
        (address): DocumentUpdate => ({ key: keys.address(address), update: () => `${group.unit} ${server.slot}` }),
      ),
    )
    return [{ key: keys.group(group.unit, group.name), update: () => plain(group) }, ...holders]
  },
})

const forgetInput = z.object({ unit: z.string(), group: z.string(), addresses: z.array(z.string()) })
type ForgetInput = z.infer<typeof forgetInput>

/** Unregisters a group and its addresses. */
export const forgetGroup: StepKind<ForgetInput, Record<string, never>> = recordStep({
  name: 'group.forget',
  input: forgetInput,
  writes: ({ unit, group, addresses }) =>
    [keys.group(unit, group), ...addresses.map(keys.address)].map((key) => ({ key, update: () => undefined })),
})

/** Unregisters a group when all that its servers were to give back is given back. */
export function forgetStage(unit: ManagementUnit, group: ServerGroup): Stage {
  const input = { unit: unit.name, group: group.name, addresses: group.servers.flatMap(addressesOf) }
  return { name: 'forget', lanes: [[draft(forgetGroup, { id: `${group.name}/forget`, input })]] }
}
