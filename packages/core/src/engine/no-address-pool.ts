import { VmunitError } from '../errors/index.ts'

/** Says that addresses are needed, and nobody hands them out. */
export function noAddressPool(): VmunitError {
  return new VmunitError(
    'ERR_NOT_CONFIGURED',
    'The manager was given no address pool. Pass createManager one as `addresses`, such as createAddressPool().',
  )
}
