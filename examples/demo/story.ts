import {
  applyTemplate,
  type Call,
  type FleetResult,
  formatPlan,
  patchTemplate,
  type Run,
  type TemplateRef,
} from '@vmunit/core'
import { slowDown } from './data-centre.ts'
import { buildFleet } from './fleet.ts'
import { recover } from './recovery.ts'
import { reportAvailability, reportMachines, reportOutcomes } from './report.ts'
import type { Screen } from './screen.ts'
import type { Site } from './site.ts'
import { watchRun } from './watch-run.ts'

export interface StoryOptions extends Call {
  readonly screen: Screen
  readonly pace: number
}

const PATCH = { template: 'web-base', commands: [['dnf', '-y', 'upgrade', '--security']] } as const

/**
 * The main job: a template is patched and brought to a unit while the unit goes on serving.
 *
 * Each chapter looks at what is there and does what is missing, so the story can be broken off at any moment and told
 * again from the start.
 */
export async function tellStory(site: Site, options: StoryOptions): Promise<void> {
  const { manager } = site
  const { screen, signal } = options
  await recover(manager, screen, { signal })
  signal?.throwIfAborted()

  screen.heading('A fleet: two units, made from template web-base 1')
  await buildFleet(site, screen, { signal })
  signal?.throwIfAborted()

  screen.heading(`Patch the template: ${PATCH.commands[0].join(' ')}`)
  const version = await patch(site, options)
  screen.say(`${version.template} ${version.version} is published`)
  signal?.throwIfAborted()

  const { run, result } = await roll(site, version, options)
  await report(site, { run, result, screen })
}

async function patch({ manager }: Site, { screen, signal }: StoryOptions): Promise<TemplateRef> {
  const { name, versions } = await manager.templates.get(PATCH.template)
  const published = versions.find(({ number }) => number === 2)
  if (published !== undefined) return { template: name, version: published.number }
  const run = await manager.start(await manager.plan(patchTemplate, PATCH), { signal })
  const { version } = await watchRun(run, screen)
  return version
}

interface Rolled {
  readonly run: Run<FleetResult>
  readonly result: FleetResult
}

async function roll({ manager, world }: Site, version: TemplateRef, options: StoryOptions): Promise<Rolled> {
  const { screen, signal, pace } = options
  const earlier = await Array.fromAsync(manager.runs({ unit: 'gyoumu_a', states: ['succeeded'] }))
  const done = earlier.find(({ plan }) => plan.operation.name === applyTemplate.name) as Run<FleetResult> | undefined
  if (done !== undefined) return { run: done, result: await done.result() }

  screen.heading('The plan: nothing has changed yet')
  // vmgroup_3 alone has a Web server tier of its own; the plan says so in a note.
  const plan = await manager.plan(applyTemplate, { unit: 'gyoumu_a', template: version, allowOutage: true })
  screen.say(formatPlan(plan))

  screen.heading('Roll it over gyoumu_a, one group after another')
  await slowDown(world, pace)
  const run = await manager.start(plan, { signal })
  return { run, result: await watchRun(run, screen) }
}

async function report({ manager, world }: Site, { run, result, screen }: Rolled & { screen: Screen }): Promise<void> {
  const everyone = manager.as({ name: 'admin', role: 'administrator' })
  const rolled = await everyone.units.get('gyoumu_a')
  const others = (await everyone.units.list()).filter(({ name }) => name !== rolled.name)
  reportOutcomes(result, screen)
  await reportAvailability({ world, screen }, run, { rolled, others })
  await reportMachines({ world, screen }, rolled)
}
