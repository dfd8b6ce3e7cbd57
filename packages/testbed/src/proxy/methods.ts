const readers = /^(?:Retrieve|Query|Find|Search|Wait|Check|Continue|Fetch|Current|Read|SessionIs|Get|Acquire|Validate)/
/** They make or change what belongs to a session: no machine, no folder, no task. */
const ofSession = new Set([
  'Login',
  'Logout',
  'CreateFilter',
  'DestroyPropertyFilter',
  'CreatePropertyCollector',
  'DestroyPropertyCollector',
  'CancelWaitForUpdates',
  'CreateContainerView',
  'CreateListView',
  'CreateListViewFromView',
  'CreateInventoryView',
  'ModifyListView',
  'ResetListView',
  'ResetListViewFromView',
  'DestroyView',
  'CreateCollectorForTasks',
  'CreateCollectorForEvents',
  'DestroyCollector',
  'SetCollectorPageSize',
  'ResetCollector',
  'RewindCollector',
  'SetLocale',
])

/** Whether a method leaves even its session as it was. */
export function isReading(method: string): boolean {
  return readers.test(method) || method === 'CancelWaitForUpdates'
}

/** Whether a method changes the platform itself. What is not known to be harmless counts as a change. */
export function isMutating(method: string): boolean {
  return !readers.test(method) && !ofSession.has(method)
}

/** Methods that vCenter answers without a session. */
export function needsSession(method: string): boolean {
  return !['RetrieveServiceContent', 'Login', 'Logout', 'SessionIsActive', 'CurrentTime'].includes(method)
}
