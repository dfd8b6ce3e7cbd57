import type { ErrorCode } from '@vmunit/core'

/** What a fault means to a caller, and what to do about it. */
export interface FaultMeaning {
  readonly code: ErrorCode
  readonly retryable: boolean
  /** What the person who sees it does next. */
  readonly remedy: string
}

/** Which fault is which error. What is not here is `ERR_DRIVER` with the name of the fault in its details. */
export const FAULTS: Readonly<Record<string, FaultMeaning>> = {
  AlreadyExists: is('ERR_CONFLICT', 'Choose another name, or use what exists.'),
  AlreadyUpgraded: is('ERR_CONFLICT', 'Nothing is left to do.'),
  CannotAccessNetwork: is('ERR_INVALID_INPUT', 'Name a network that the host has.'),
  CannotCreateFile: is('ERR_CONFLICT', 'Look for a leftover file of that name in the datastore.'),
  ConcurrentAccess: passes('ERR_CONFLICT', 'Read again and repeat.'),
  CustomizationPending: is('ERR_WRONG_STATE', 'Start the machine once, so that the customization before is done.'),
  DatacenterMismatch: is('ERR_INVALID_INPUT', 'Name things of one datacenter.'),
  DuplicateName: is('ERR_CONFLICT', 'Choose another name, or remove what has it.'),
  FileAlreadyExists: is('ERR_CONFLICT', 'Look for a leftover file of that name in the datastore.'),
  FileLocked: passes('ERR_CONFLICT', 'Wait until what holds the file, often a backup, has ended.'),
  HostCommunication: passes('ERR_UNAVAILABLE', 'See whether the host answers.'),
  HostNotConnected: passes('ERR_UNAVAILABLE', 'See whether the host is connected.'),
  HostNotReachable: passes('ERR_UNAVAILABLE', 'See whether the host answers.'),
  InaccessibleDatastore: passes('ERR_UNAVAILABLE', 'See whether the host reaches the datastore.'),
  InsufficientCpuResourcesFault: passes('ERR_UNAVAILABLE', 'Make room in the cluster.'),
  InsufficientFailoverResourcesFault: passes(
    'ERR_UNAVAILABLE',
    'Make room in the cluster, beside its failover reserve.',
  ),
  InsufficientHostCapacityFault: passes('ERR_UNAVAILABLE', 'Make room on the host.'),
  InsufficientHostCpuCapacityFault: passes('ERR_UNAVAILABLE', 'Make room on the host.'),
  InsufficientHostMemoryCapacityFault: passes('ERR_UNAVAILABLE', 'Make room on the host.'),
  InsufficientMemoryResourcesFault: passes('ERR_UNAVAILABLE', 'Make room in the cluster.'),
  InsufficientResourcesFault: passes('ERR_UNAVAILABLE', 'Make room in the cluster.'),
  InvalidArgument: is('ERR_INVALID_INPUT', 'The details name the argument.'),
  InvalidDatastore: is('ERR_INVALID_INPUT', 'Name a datastore that the host has.'),
  InvalidDeviceBacking: is('ERR_INVALID_INPUT', 'Name a port group that the host has.'),
  InvalidDeviceSpec: is('ERR_INVALID_INPUT', 'The details name the property.'),
  InvalidFolder: is('ERR_INVALID_INPUT', 'Name a folder for virtual machines.'),
  InvalidHostConnectionState: passes('ERR_UNAVAILABLE', 'See whether the host is connected.'),
  InvalidHostState: passes('ERR_UNAVAILABLE', 'See whether the host is connected and out of maintenance mode.'),
  InvalidLocale: is('ERR_INVALID_INPUT', 'Report it: the driver sends none.'),
  InvalidLogin: is('ERR_UNAUTHENTICATED', 'Check the user name and the password.'),
  InvalidName: is('ERR_INVALID_INPUT', 'Choose another name.'),
  InvalidPowerState: is('ERR_WRONG_STATE', 'Switch the machine first.'),
  InvalidSnapshotFormat: is('ERR_WRONG_STATE', 'Take the snapshot anew.'),
  InvalidState: is('ERR_WRONG_STATE', 'The details say in which state it is.'),
  InvalidVmConfig: is('ERR_INVALID_INPUT', 'The details name the property.'),
  LimitExceeded: passes('ERR_CONFLICT', 'Do fewer things at the same time.'),
  ManagedObjectNotFound: is('ERR_NOT_FOUND', 'Look at what is there now.'),
  MethodDisabled: passes('ERR_CONFLICT', 'Another product, often a backup, forbids it now: wait until it has ended.'),
  NicSettingMismatch: is('ERR_INVALID_INPUT', 'Name as many networks as the image has adapters.'),
  NoDiskSpace: passes('ERR_UNAVAILABLE', 'Make room in the datastore.'),
  NoPermission: is('ERR_PERMISSION_DENIED', 'Give the user the privilege that the details name, on that object.'),
  NotAuthenticated: is('ERR_UNAUTHENTICATED', 'Log in again.'),
  NotFound: is('ERR_NOT_FOUND', 'Look at what is there now.'),
  NotSupported: is('ERR_UNSUPPORTED', 'Use a vCenter: a single host cannot do this.'),
  PasswordExpired: is('ERR_UNAUTHENTICATED', 'Set a new password.'),
  QuestionPending: is('ERR_WRONG_STATE', 'Answer what vSphere asks about the machine.'),
  RequestCanceled: passes('ERR_UNAVAILABLE', 'Somebody cancelled it on the server; repeat it.'),
  ResourceInUse: passes('ERR_CONFLICT', 'Wait until what uses it has ended.'),
  RestrictedVersion: is('ERR_UNSUPPORTED', 'The licence of the host does not permit changes through its API.'),
  TaskInProgress: passes('ERR_CONFLICT', 'Wait until the other task has ended.'),
  Timedout: passes('ERR_TIMEOUT', 'See what the server is busy with.'),
  TooManyConcurrentNativeClones: passes('ERR_CONFLICT', 'Clone fewer at the same time.'),
  ToolsUnavailable: is('ERR_WRONG_STATE', 'The guest does not run VMware Tools, or not yet.'),
  UncustomizableGuest: is('ERR_UNSUPPORTED', 'Install VMware Tools in the image, or pass customization: false.'),
  UnrecognizedHost: passes('ERR_UNAVAILABLE', 'Connect the host again.'),
  VAppTaskInProgress: passes('ERR_CONFLICT', 'Wait until the other task has ended.'),
}

/** The meaning of a fault by its name. */
export function faultMeaning(name: string): FaultMeaning {
  return FAULTS[name] ?? is('ERR_DRIVER', 'The details hold what vSphere said.')
}

function is(code: ErrorCode, remedy: string): FaultMeaning {
  return { code, retryable: false, remedy }
}

function passes(code: ErrorCode, remedy: string): FaultMeaning {
  return { code, retryable: true, remedy }
}
