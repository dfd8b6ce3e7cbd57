import type { Observed } from '../../domain/observed.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Machine } from '../../ports/index.ts'

/**
 * Ends a wait for a machine that can bring nothing on any more.
 *
 * @throws {@link VmunitError} `ERR_WRONG_STATE` when the machine is proved to be gone or switched off. While a part of
 * the hypervisor does not answer nothing is proved.
 */
export function assertRunning(id: string, found: Observed<Machine>): void {
  const isOff = found.state === 'done' && found.value.power === 'off'
  if (found.state !== 'absent' && !isOff) return
  throw new VmunitError(
    'ERR_WRONG_STATE',
    `Machine ${id} ${isOff ? 'is switched off' : 'is gone'}, so that waiting for it is in vain. Find out who did that.`,
    { details: { machine: id } },
  )
}
