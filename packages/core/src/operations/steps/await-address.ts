import * as z from 'zod'
import { VmunitError } from '../../errors/index.ts'
import type { StepKind } from '../../ports/index.ts'
import { assertRunning } from './assert-running.ts'
import { findMachine } from './find-machine.ts'

export interface AwaitAddressInput {
  readonly hypervisor: string
  readonly machine: string
  readonly timeoutMs: number
}

export interface FoundAddress {
  readonly address: string
}

const input = z.object({ hypervisor: z.string(), machine: z.string(), timeoutMs: z.number() })

const output = z.object({ address: z.string() })

/** Waits until the hypervisor reports the address that a machine was given by its network. */
export const awaitAddress: StepKind<AwaitAddressInput, FoundAddress> = {
  name: 'machine.address',
  version: 1,
  input,
  output,
  observe: async () => ({ state: 'absent' }),
  async act({ hypervisor, machine, timeoutMs }, context) {
    const deadline = context.now() + timeoutMs
    for (let looks = 1; ; looks += 1) {
      const found = await findMachine(context.hypervisor(hypervisor), machine, context)
      const address = found.state === 'done' ? found.value.addresses[0] : undefined
      if (address !== undefined) return { address }
      // The first look may come before the hypervisor tells everybody what the step before did.
      if (looks > 1) assertRunning(machine, found)
      if (context.now() >= deadline) {
        throw new VmunitError('ERR_TIMEOUT', `Machine ${machine} got no address within ${timeoutMs / 1000} s.`, {
          details: { machine },
        })
      }
      context.waitingFor(`an address for machine ${machine}`)
      await context.sleep(500)
    }
  },
}
