import type { ManualTable } from './manual-tables.ts'
import type { Evidence } from './recorded-runs.ts'

const began = ['run.created'] as const

const TITLE = '6.2.3 on the'

/** One operation does several steps: what of it is each of them. */
function part(operation: string, input: Readonly<Record<string, unknown>>): (more: Partial<Evidence>) => Evidence {
  return (more) => ({ operation, input, test: TITLE, ...more })
}

const patched = part('patchTemplate', {})
const arranged = part('requestResources', { request: { kind: 'patchServer' } })
const registered = part('requestResources', { request: { kind: 'registerTemplate' } })

const TEMPLATE: ManualTable = {
  title: '6.2.3 (1): patch a template',
  about: 'As one run by a command, or by hand on a server that is asked of the resource manager.',
  isProcedure: true,
  rows: [
    {
      section: '1',
      task: 'Ask the resource manager for a server for the patch work, and for access to the template',
      shownBy: [
        patched({ steps: ['machine.create', 'machine.power power-on', 'machine.address'] }),
        arranged({ steps: ['machine.create', 'machine.power power-on', 'machine.address'] }),
      ],
    },
    {
      section: '2',
      task: 'Log in to the server',
      shownBy: [patched({ steps: ['guest.await'] }), arranged({ steps: ['guest.await'] })],
    },
    { section: '3', task: 'Apply the updates', shownBy: [patched({ steps: ['guest.job command-1'] })] },
    {
      section: '4',
      task: 'Shut the guest down, which stops the server',
      shownBy: [patched({ steps: ['machine.power shut-down'] }), registered({ steps: ['machine.power shut-down'] })],
    },
    {
      section: '5',
      task: 'Have the patched template registered, and the old one deleted',
      shownBy: [patched({ steps: ['image.publish'] }), registered({ steps: ['image.publish', 'image.remove'] })],
    },
  ],
}

function inPlace(how: 'group' | 'unit'): ManualTable['rows'] {
  const whole = how === 'unit' ? true : undefined
  const byCommand = part('applyPatch', { whole, by: undefined })
  const byPerson = part('applyPatch', { whole, by: 'person' })
  const stopped = { steps: ['balancer.block', 'guest.job stop'] }
  const started = { steps: ['guest.job start', 'guest.health', 'balancer.unblock'] }
  return [
    { section: '1', task: 'Log in to the host of the manager', shownBy: [byCommand({ records: began })] },
    { section: '2', task: `Stop the ${how}`, shownBy: [byCommand(stopped), byPerson(stopped)] },
    {
      section: '3',
      task: 'Log in to the host of the hypervisor',
      shownBy: [byPerson({ records: ['step.began', 'run.waiting'] })],
    },
    {
      section: '4',
      task: 'Apply the updates to each server',
      shownBy: [byCommand({ steps: ['guest.job patch-1'] }), byPerson({ steps: ['guest.await'] })],
    },
    {
      section: '5',
      task: 'Log in to the host of the manager again',
      shownBy: [byPerson({ records: ['run.waiting', 'run.owned', 'step.done'] })],
    },
    { section: '6', task: `Start the ${how}`, shownBy: [byCommand(started), byPerson(started)] },
  ]
}

const rolled = part('applyTemplate', { whole: undefined })

const ROLLED: ManualTable = {
  title: '6.2.3 (2)(b), part of the service at a time: apply the template group by group',
  about: 'As one run over all groups, or each group by two.',
  isProcedure: true,
  rows: [
    {
      section: '1',
      task: 'Scale in',
      shownBy: [
        {
          operation: 'scaleIn',
          test: TITLE,
          steps: ['balancer.block', 'guest.job stop', 'machine.remove', 'group.forget'],
        },
        rolled({ steps: ['balancer.block', 'guest.job stop', 'machine.power power-shutdown', 'server.bind detach'] }),
      ],
    },
    {
      section: '2',
      task: 'Scale out with the new version',
      shownBy: [
        {
          operation: 'scaleOut',
          test: TITLE,
          steps: [
            'group.record',
            'machine.create',
            'machine.power power-on',
            'guest.push',
            'guest.job start',
            'balancer.unblock',
          ],
        },
        rolled({
          steps: [
            'machine.create',
            'server.bind attach',
            'machine.power power-on',
            'guest.push',
            'guest.job start',
            'balancer.unblock',
          ],
        }),
      ],
    },
  ],
}

const all = part('applyTemplate', { whole: true, returnOld: 'first' })
const STEPS = 'the thirteen steps, one after another'

function alone(operation: string, more: Partial<Evidence> = {}): Evidence {
  return { operation, test: STEPS, ...more }
}

const WHOLE: ManualTable = {
  title: '6.2.3 (2)(b), the whole service at once: apply the template to the unit',
  about: 'As one run, or step by step as the manual has it.',
  isProcedure: true,
  story: STEPS,
  rows: [
    { section: '1', task: 'Log in to the host of the manager', shownBy: [all({ records: began })] },
    {
      section: '2',
      task: 'Stop the unit',
      shownBy: [
        all({ steps: ['balancer.block', 'guest.job stop', 'machine.power power-shutdown'] }),
        alone('stop', { steps: ['balancer.block', 'guest.job stop'] }),
      ],
    },
    {
      section: '3',
      task: 'Detach the groups, one after another',
      shownBy: [
        all({ steps: ['server.bind detach'] }),
        alone('detachGroups', { input: { groups: ['vmgroup_1'] } }),
        alone('detachGroups', { input: { groups: ['vmgroup_2'] } }),
      ],
    },
    {
      section: '4',
      task: 'Ask the resource manager to take the servers back',
      shownBy: [
        all({ steps: ['machine.remove'] }),
        alone('requestResources', { input: { request: { kind: 'takeBack' } }, steps: ['machine.remove'] }),
      ],
    },
    {
      section: '5',
      task: 'Ask the resource manager for new servers',
      shownBy: [
        alone('requestResources', {
          input: { request: { kind: 'provideServers' }, by: 'person' },
          records: ['step.began', 'run.waiting'],
        }),
      ],
    },
    {
      section: '6',
      task: 'Servers are made from the template and reported',
      shownBy: [
        all({ steps: ['machine.create'] }),
        alone('requestResources', {
          input: { request: { kind: 'provideServers' }, by: 'person' },
          steps: ['person.answer'],
        }),
      ],
    },
    {
      section: '7',
      task: 'Log in to the host of the manager again',
      shownBy: [
        alone('requestResources', {
          input: { request: { kind: 'provideServers' }, by: 'person' },
          records: ['run.owned', 'run.succeeded'],
        }),
      ],
    },
    {
      section: '8',
      task: 'Write the file of the groups with what was reported',
      shownBy: [alone('answer')],
    },
    {
      section: '9',
      task: 'Attach the groups',
      shownBy: [
        all({ steps: ['server.bind attach'] }),
        alone('attachGroups', { steps: ['group.record', 'machine.adopt'] }),
      ],
    },
    {
      section: '10',
      task: 'Switch the servers on that are off',
      shownBy: [
        all({ steps: ['machine.power power-on', 'guest.await'] }),
        alone('power', { steps: ['machine.power power-on', 'guest.await'] }),
      ],
    },
    {
      section: '11',
      task: 'Log in to the host of the manager again',
      shownBy: [alone('updateUnit', { records: began })],
    },
    {
      section: '12',
      task: 'Reflect the definition on all servers',
      shownBy: [
        all({ steps: ['guest.push', 'guest.job pre-setup'] }),
        alone('updateUnit', { steps: ['guest.push', 'guest.job pre-setup'] }),
      ],
    },
    {
      section: '13',
      task: 'Start the unit',
      shownBy: [
        all({ steps: ['guest.job start', 'guest.health', 'balancer.unblock'] }),
        alone('start', { steps: ['guest.job start', 'guest.health', 'balancer.unblock'] }),
      ],
    },
  ],
}

/** The procedures of 6.2.3 with all their steps. */
export const PROCEDURES: readonly ManualTable[] = [
  TEMPLATE,
  {
    title: '6.2.3 (2)(a), part of the service at a time: patch servers in place, group by group',
    about: 'By a command, or by a person for whom the run waits.',
    isProcedure: true,
    rows: inPlace('group'),
  },
  {
    title: '6.2.3 (2)(a), the whole service at once: patch servers in place',
    about: 'By a command, or by a person for whom the run waits.',
    isProcedure: true,
    rows: inPlace('unit'),
  },
  ROLLED,
  WHOLE,
]
