import * as z from 'zod'
import type { GuestAddress, StepKind } from '../../ports/index.ts'
import { guestInput } from './schemas.ts'

export interface ReadBootIdInput {
  readonly guest: GuestAddress
}

export interface KnownBoot {
  readonly bootId: string
}

const input = z.object({ guest: z.object(guestInput) })

const output = z.object({ bootId: z.string() })

/** Notes the boot id of a guest, by which a later reboot is proved. */
export const readBootId: StepKind<ReadBootIdInput, KnownBoot> = {
  name: 'guest.boot',
  version: 1,
  input,
  output,
  observe: async () => ({ state: 'absent' }),
  async act(step, context) {
    const guest = await context.guest(step.guest)
    return { bootId: await guest.bootId(context) }
  },
}
