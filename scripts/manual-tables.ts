import type { Evidence } from './recorded-runs.ts'

/** A row of a table of the manual, or a step of one of its procedures. */
export interface ManualRow {
  /** The section that describes it, or the number of the step. */
  readonly section: string
  readonly task: string
  /** What shows that it was done; all of it, at every site. */
  readonly shownBy: readonly Evidence[]
}

/** A table of the manual. */
export interface ManualTable {
  readonly title: string
  readonly about: string
  readonly rows: readonly ManualRow[]
  /** Whether the rows are steps of one procedure: what one operation does for several of them is one run, in their order. */
  readonly isProcedure?: true
  /** The title of a test that does the rows one after another: its runs must have begun in their order. */
  readonly story?: string
}

const byAdministrator = { by: 'administrator' } as const
const byBuilder = { by: 'builder' } as const

const ADMINISTRATOR: ManualTable = {
  title: 'Table 1-3: the administrator of the manager',
  about: 'The rows 5.2.1 to 6.2.5 are the test of the environment, with a unit of the administrator.',
  rows: [
    {
      section: '3.1.1',
      task: 'Design the operating environment: work of people, with [a check](guide-people.md#design-the-operating-environment-311)',
      shownBy: [
        {
          operation: 'requestResources',
          test: '3.1.1:',
          steps: ['machine.create', 'machine.power', 'machine.address', 'guest.await'],
          ...byAdministrator,
        },
      ],
    },
    {
      section: '3.1.2',
      task: 'Build the operating environment: `createManager`, and a password for the administrator',
      shownBy: [{ operation: 'accounts.changePassword', test: '3.1.2:', ...byAdministrator }],
    },
    {
      section: '3.2',
      task: 'Build the environment for the link with other systems: with an `authenticator` their people work here, and notices go out',
      shownBy: [
        { operation: 'stop', test: '3.2:' },
        { operation: 'notices.deliver', ...byAdministrator },
      ],
    },
    {
      section: '3.3',
      task: 'Remove the operating environment',
      shownBy: [{ operation: 'remove', ...byAdministrator }],
    },
    {
      section: '4.1.1',
      task: 'Start and stop the manager: `createManager` and `close`, in the middle of a run, which goes on',
      shownBy: [
        {
          operation: 'applyPatch',
          test: '4.1.1:',
          records: ['run.owned', 'run.paused', 'run.owned', 'run.succeeded'],
        },
      ],
    },
    {
      section: '4.1.2',
      task: 'Add and delete accounts of builders',
      shownBy: [
        { operation: 'accounts.create', ...byAdministrator },
        { operation: 'accounts.changePassword', ...byBuilder },
        { operation: 'accounts.list', ...byAdministrator },
        { operation: 'accounts.delete', ...byAdministrator },
      ],
    },
    { section: '4.1.3', task: 'List the units', shownBy: [{ operation: 'units.list', ...byAdministrator }] },
    {
      section: '4.1.4',
      task: 'Change the owner of a unit',
      shownBy: [{ operation: 'units.changeOwner', ...byAdministrator }],
    },
    {
      section: '4.1.5',
      task: 'Back the manager up: `backupSqliteStore`, in the middle of a run, which goes on from the backup',
      shownBy: [
        {
          operation: 'applyPatch',
          test: '4.1.5 and',
          records: ['run.owned', 'step.done', 'run.owned', 'run.succeeded'],
        },
      ],
    },
    {
      section: '4.2.1',
      task: 'Patch the host of the manager: work of people, with [a check](guide-people.md#patch-the-host-of-the-manager-421)',
      shownBy: [{ operation: 'diagnose', test: '4.2.1:' }],
    },
    {
      section: '4.2.2',
      task: 'Set the log, the `logger` of `createManager`: where it goes, how large and how many its files are',
      shownBy: [
        { operation: 'stop', test: '4.2.2:' },
        { operation: 'start', test: '4.2.2:' },
      ],
    },
    {
      section: '4.3',
      task: 'Find and repair a fault of the manager: `diagnose`, and `restoreSqliteStore` for a store that is damaged',
      shownBy: [
        { operation: 'diagnose', test: '4.3:' },
        { operation: 'applyPatch', test: '4.3:', records: ['run.owned', 'step.done', 'run.owned', 'run.succeeded'] },
      ],
    },
    {
      section: '5.2.1',
      task: 'Make a template and set it up',
      shownBy: [{ operation: 'createTemplate', ...byAdministrator }],
    },
    { section: '5.2.2', task: 'Create a unit', shownBy: [{ operation: 'units.create', ...byAdministrator }] },
    {
      section: '5.2.3',
      task: 'Write the definition files: work of people, with [a check](guide-people.md#make-the-definition-directory-523)',
      shownBy: [{ operation: 'definitions.add', ...byAdministrator }],
    },
    {
      section: '5.2.4',
      task: 'Import the definition directory',
      shownBy: [{ operation: 'importDefinition', ...byAdministrator }],
    },
    {
      section: '5.2.5',
      task: 'Reflect the definition on all servers',
      shownBy: [
        { operation: 'attachGroups', ...byAdministrator },
        { operation: 'updateUnit', ...byAdministrator },
      ],
    },
    {
      section: '6.1.1',
      task: 'Start and stop the unit',
      shownBy: [
        { operation: 'start', ...byAdministrator },
        { operation: 'stop', ...byAdministrator },
      ],
    },
    {
      section: '6.2.5',
      task: 'Delete the environment of the application',
      shownBy: [{ operation: 'deleteUnit', ...byAdministrator }],
    },
  ],
}

const BUILDER: ManualTable = {
  title: 'Table 1-4: the builder of a system',
  about: '6.2.3 has tables of its own below.',
  rows: [
    {
      section: '5.2.1',
      task: 'Make a template and set it up',
      shownBy: [{ operation: 'createTemplate', ...byBuilder }],
    },
    { section: '5.2.2', task: 'Create a unit', shownBy: [{ operation: 'units.create', ...byBuilder }] },
    {
      section: '5.2.3',
      task: 'Write the definition files: work of people, with [a check](guide-people.md#make-the-definition-directory-523)',
      shownBy: [{ operation: 'definitions.add', ...byBuilder }],
    },
    {
      section: '5.2.4',
      task: 'Import the definition directory',
      shownBy: [{ operation: 'importDefinition', ...byBuilder }],
    },
    {
      section: '5.2.5',
      task: 'Reflect the definition on all servers',
      shownBy: [
        { operation: 'attachGroups', ...byBuilder },
        { operation: 'updateUnit', ...byBuilder, steps: ['guest.push', 'guest.job pre-setup'] },
      ],
    },
    {
      section: '5.3',
      task: 'Watch servers for faults (JP1/IM)',
      shownBy: [{ operation: 'notices.deliver', test: '5.3: faults' }],
    },
    {
      section: '5.3',
      task: 'Start and stop a unit on a schedule (JP1/AJS)',
      shownBy: [
        { operation: 'stop', test: '5.3: a job scheduler' },
        { operation: 'start', test: '5.3: a job scheduler' },
      ],
    },
    {
      section: '5.3',
      task: 'Watch the load of servers (JP1/PFM)',
      shownBy: [{ operation: 'scaleOut', test: '5.3: too much load' }],
    },
    {
      section: '6.1.1',
      task: 'Start and stop a unit',
      shownBy: [
        { operation: 'start', input: { groups: undefined }, ...byBuilder },
        { operation: 'stop', input: { groups: undefined }, ...byBuilder },
      ],
    },
    {
      section: '6.1.2',
      task: 'Start and stop a group',
      shownBy: [
        { operation: 'start', input: { groups: ['vmgroup_1'] }, ...byBuilder },
        { operation: 'stop', input: { groups: ['vmgroup_1'] }, ...byBuilder },
      ],
    },
    {
      section: '6.1.3',
      task: 'Get information about a unit',
      shownBy: [
        { operation: 'units.list', ...byBuilder },
        { operation: 'units.info', ...byBuilder },
        { operation: 'units.servers', ...byBuilder },
        { operation: 'units.status', ...byBuilder },
      ],
    },
    {
      section: '6.2.1',
      task: 'Scale out and scale in',
      shownBy: [
        { operation: 'scaleOut', ...byBuilder },
        { operation: 'scaleIn', ...byBuilder },
      ],
    },
    {
      section: '6.2.2',
      task: 'Update the application and its settings: export, compare, import; all at once, group by group, only applications',
      shownBy: [
        { operation: 'definitions.export', ...byBuilder },
        { operation: 'definitions.compare', ...byBuilder },
        { operation: 'importDefinition', test: 'applications on the', ...byBuilder },
        { operation: 'updateUnit', input: { whole: true }, ...byBuilder },
        { operation: 'updateUnit', input: { waves: [{ groups: 1 }] }, ...byBuilder },
        { operation: 'updateUnit', input: { scope: 'applications' }, steps: ['guest.push'], ...byBuilder },
      ],
    },
    {
      section: '6.2.3',
      task: 'Update the template, patch the servers',
      shownBy: [
        { operation: 'patchTemplate', ...byBuilder },
        { operation: 'applyPatch', ...byBuilder },
        { operation: 'applyTemplate', ...byBuilder },
      ],
    },
    { section: '6.2.4', task: 'Look at the logs of servers', shownBy: [{ operation: 'collectLogs', ...byBuilder }] },
    {
      section: '6.2.5',
      task: 'Delete the environment of the application',
      shownBy: [{ operation: 'deleteUnit', ...byBuilder }],
    },
    {
      section: '6.3',
      task: 'Find and repair a fault of a server',
      shownBy: [
        { operation: 'units.status', test: 'finds a server', ...byBuilder },
        { operation: 'diagnose', test: 'says what is at fault', ...byBuilder },
        { operation: 'mark', ...byBuilder },
        { operation: 'recoverServer', input: { by: 'repair' }, ...byBuilder },
        { operation: 'recoverServer', input: { by: 'replace' }, ...byBuilder },
        { operation: 'unmark', ...byBuilder },
      ],
    },
  ],
}

const OTHERS: ManualTable = {
  title: 'What the tables do not name',
  about: 'The other operations, with the sections of the manual that describe their commands.',
  rows: [
    {
      section: '7.5.3',
      task: 'Take the traffic away, and give it back',
      shownBy: [{ operation: 'block' }, { operation: 'unblock' }],
    },
    { section: '7.8', task: 'Run a script on the servers', shownBy: [{ operation: 'runScript' }] },
    { section: '7.4.2', task: 'Unregister groups', shownBy: [{ operation: 'detachGroups' }] },
    {
      section: '',
      task: 'Switch machines off and on',
      shownBy: [
        { operation: 'power', input: { to: 'off' } },
        { operation: 'power', input: { to: 'on' } },
      ],
    },
    { section: '', task: 'Retire versions of a template', shownBy: [{ operation: 'retireTemplate' }] },
    { section: '', task: 'End the quarantine of machines that failed', shownBy: [{ operation: 'endQuarantine' }] },
  ],
}

/** The tables of 1.2.3 with all their rows, and what stands beside them. */
export const WORK_FLOWS: readonly ManualTable[] = [ADMINISTRATOR, BUILDER]

/** Operations that no row needs. */
export const OTHER_OPERATIONS: ManualTable = OTHERS
