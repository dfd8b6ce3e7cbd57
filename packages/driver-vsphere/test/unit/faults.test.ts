import type { ErrorCode } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { localizedFault, soapFault } from '../../src/faults/fault.ts'
import { faultError, faultOf } from '../../src/faults/fault-error.ts'
import { FAULTS } from '../../src/faults/fault-table.ts'
import { parseDocument } from '../../src/soap/parse-document.ts'

/** What callers rely on, written down a second time: a row that changes has to change here as well. */
const ROWS: readonly (readonly [fault: string, code: ErrorCode, retryable: boolean])[] = [
  ['AlreadyExists', 'ERR_CONFLICT', false],
  ['AlreadyUpgraded', 'ERR_CONFLICT', false],
  ['CannotAccessNetwork', 'ERR_INVALID_INPUT', false],
  ['CannotCreateFile', 'ERR_CONFLICT', false],
  ['ConcurrentAccess', 'ERR_CONFLICT', true],
  ['CustomizationPending', 'ERR_WRONG_STATE', false],
  ['DatacenterMismatch', 'ERR_INVALID_INPUT', false],
  ['DuplicateName', 'ERR_CONFLICT', false],
  ['FileAlreadyExists', 'ERR_CONFLICT', false],
  ['FileLocked', 'ERR_CONFLICT', true],
  ['HostCommunication', 'ERR_UNAVAILABLE', true],
  ['HostNotConnected', 'ERR_UNAVAILABLE', true],
  ['HostNotReachable', 'ERR_UNAVAILABLE', true],
  ['InaccessibleDatastore', 'ERR_UNAVAILABLE', true],
  ['InsufficientCpuResourcesFault', 'ERR_UNAVAILABLE', true],
  ['InsufficientFailoverResourcesFault', 'ERR_UNAVAILABLE', true],
  ['InsufficientHostCapacityFault', 'ERR_UNAVAILABLE', true],
  ['InsufficientHostCpuCapacityFault', 'ERR_UNAVAILABLE', true],
  ['InsufficientHostMemoryCapacityFault', 'ERR_UNAVAILABLE', true],
  ['InsufficientMemoryResourcesFault', 'ERR_UNAVAILABLE', true],
  ['InsufficientResourcesFault', 'ERR_UNAVAILABLE', true],
  ['InvalidArgument', 'ERR_INVALID_INPUT', false],
  ['InvalidDatastore', 'ERR_INVALID_INPUT', false],
  ['InvalidDeviceBacking', 'ERR_INVALID_INPUT', false],
  ['InvalidDeviceSpec', 'ERR_INVALID_INPUT', false],
  ['InvalidFolder', 'ERR_INVALID_INPUT', false],
  ['InvalidHostConnectionState', 'ERR_UNAVAILABLE', true],
  ['InvalidHostState', 'ERR_UNAVAILABLE', true],
  ['InvalidLocale', 'ERR_INVALID_INPUT', false],
  ['InvalidLogin', 'ERR_UNAUTHENTICATED', false],
  ['InvalidName', 'ERR_INVALID_INPUT', false],
  ['InvalidPowerState', 'ERR_WRONG_STATE', false],
  ['InvalidSnapshotFormat', 'ERR_WRONG_STATE', false],
  ['InvalidState', 'ERR_WRONG_STATE', false],
  ['InvalidVmConfig', 'ERR_INVALID_INPUT', false],
  ['LimitExceeded', 'ERR_CONFLICT', true],
  ['ManagedObjectNotFound', 'ERR_NOT_FOUND', false],
  ['MethodDisabled', 'ERR_CONFLICT', true],
  ['NicSettingMismatch', 'ERR_INVALID_INPUT', false],
  ['NoDiskSpace', 'ERR_UNAVAILABLE', true],
  ['NoPermission', 'ERR_PERMISSION_DENIED', false],
  ['NotAuthenticated', 'ERR_UNAUTHENTICATED', false],
  ['NotFound', 'ERR_NOT_FOUND', false],
  ['NotSupported', 'ERR_UNSUPPORTED', false],
  ['PasswordExpired', 'ERR_UNAUTHENTICATED', false],
  ['QuestionPending', 'ERR_WRONG_STATE', false],
  ['RequestCanceled', 'ERR_UNAVAILABLE', true],
  ['ResourceInUse', 'ERR_CONFLICT', true],
  ['RestrictedVersion', 'ERR_UNSUPPORTED', false],
  ['TaskInProgress', 'ERR_CONFLICT', true],
  ['Timedout', 'ERR_TIMEOUT', true],
  ['TooManyConcurrentNativeClones', 'ERR_CONFLICT', true],
  ['ToolsUnavailable', 'ERR_WRONG_STATE', false],
  ['UncustomizableGuest', 'ERR_UNSUPPORTED', false],
  ['UnrecognizedHost', 'ERR_UNAVAILABLE', true],
  ['VAppTaskInProgress', 'ERR_CONFLICT', true],
]

function soap(name: string): string {
  const detail = `<detail><${name}Fault xmlns="urn:vim25" xsi:type="${name}"><privilegeId>VirtualMachine.Interact.PowerOn</privilegeId></${name}Fault></detail>`
  return `<E xmlns:xsi="i"><Body><Fault><faultcode>ServerFaultCode</faultcode><faultstring>refused</faultstring>${detail}</Fault></Body></E>`
}

describe('the table of faults', () => {
  it('is the one that is written down here', () => {
    expect(Object.keys(FAULTS).toSorted()).toEqual(ROWS.map(([fault]) => fault).toSorted())
  })

  it.each(ROWS)('%s is %s, retryable: %s, as a SOAP fault and as the error of a task', (name, code, retryable) => {
    const fault = soapFault(parseDocument(soap(name)))
    if (fault === undefined) throw new Error('no fault')
    const task = `<error xmlns:xsi="i"><fault xsi:type="${name}"/><localizedMessage>refused</localizedMessage></error>`
    for (const error of [
      faultError(fault, 'X of vm-1'),
      faultError(localizedFault(parseDocument(task)), 'X of vm-1'),
    ]) {
      expect(error).toMatchObject({ code, retryable, details: { fault: name } })
      expect(error.message).toContain(`X of vm-1 was refused: ${name} (refused). `)
      expect(faultOf(error, name)?.name).toBe(name)
    }
  })

  it('leaves an unknown fault to people, with its name and data', () => {
    const fault = soapFault(parseDocument(soap('SomethingNew')))
    if (fault === undefined) throw new Error('no fault')
    expect(faultError(fault, 'X')).toMatchObject({
      code: 'ERR_DRIVER',
      retryable: false,
      details: { fault: 'SomethingNew', privilegeId: 'VirtualMachine.Interact.PowerOn' },
    })
  })

  it('finds the name of a fault whose detail is missing in its code', () => {
    const bare = '<E><Body><Fault><faultcode>ns1:NotAuthenticated</faultcode><faultstring/></Fault></Body></E>'
    expect(soapFault(parseDocument(bare))?.name).toBe('NotAuthenticated')
  })
})
