import { faultOf } from '../faults/fault-error.ts'
import type { Reference } from '../properties/reference.ts'
import { childText } from '../soap/xml-node.ts'

// Another host changes nothing about these: the name is taken, vCenter is busy, somebody cancelled, the guest is wrong.
const NOT_OF_HOST: readonly string[] = [
  'AlreadyExists',
  'ConcurrentAccess',
  'DuplicateName',
  'FileAlreadyExists',
  'InvalidName',
  'LimitExceeded',
  'NicSettingMismatch',
  'NoDiskSpace',
  'NotAuthenticated',
  'RequestCanceled',
  'ResourceInUse',
  'TaskInProgress',
  'Timedout',
  'TooManyConcurrentNativeClones',
  'UncustomizableGuest',
]

/** Whether a clone that failed may succeed without the host that was wished for. */
export function mayBeOfHost(error: unknown, { id }: Reference): boolean {
  const fault = faultOf(error)
  if (fault === undefined || NOT_OF_HOST.includes(fault.name)) return false
  return fault.name !== 'ManagedObjectNotFound' || childText(fault.detail, 'obj') === id
}
