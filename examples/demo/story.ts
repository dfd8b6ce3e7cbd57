import {
  applyTemplate,
  type Call,
  type FleetResult,
  formatPlan,
  type ManagementUnit,
  type Manager,
  patchTemplate,
  type Run,
  type TemplateRef,
} from '@vmunit/core'
import type { Period } from './data-centre.ts'
import { buildFleet } from './fleet.ts'
import { recover } from './recovery.ts'
import { reportAvailability, reportMachines, reportOutcomes, reportPatched } from './report.ts'
import type { Screen } from './screen.ts'
import type { Site } from './site.ts'
import { watchRun } from './watch-run.ts'

export interface StoryOptions extends Call {
  readonly screen: Screen
  readonly pace: number
}

const TEMPLATE = 'web-base'

/**
 * The main job: a template is patched and brought to a unit while the unit goes on serving.
 *
 * Each chapter looks at what is there and does what is missing, so the story can be broken off at any moment and told
 * again from the start.
 */
export async function tellStory(site: Site, options: StoryOptions): Promise<void> {
  const { manager, dataCentre } = site
  const { screen, signal } = options
  await recover(manager, screen, { signal })
  signal?.throwIfAborted()

  screen.heading('A fleet: two units, made from template web-base 1')
  await buildFleet(site, screen, { signal })
  signal?.throwIfAborted()

  screen.heading(`Patch the template: ${dataCentre.patch.join(' ')}`)
  const version = await patch(site, options)
  screen.say(`${version.template} ${version.version} is published`)
  signal?.throwIfAborted()

  const before = await patchedServers(site)
  const { run, result } = await roll(site, version, options)
  await report(site, { run, result, before, screen })
}

async function patch({ manager, dataCentre }: Site, { screen, signal }: StoryOptions): Promise<TemplateRef> {
  const { name, versions } = await manager.templates.get(TEMPLATE)
  const published = versions.find(({ number }) => number === 2)
  if (published !== undefined) return { template: name, version: published.number }
  const run = await manager.start(await manager.plan(patchTemplate, { template: name, commands: [dataCentre.patch] }), {
    signal,
  })
  const { version } = await watchRun(run, screen)
  return version
}

interface Rolled {
  readonly run: Run<FleetResult>
  readonly result: FleetResult
}

async function roll({ manager, dataCentre }: Site, version: TemplateRef, options: StoryOptions): Promise<Rolled> {
  const { screen, signal, pace } = options
  const earlier = await Array.fromAsync(manager.runs({ unit: 'gyoumu_a', states: ['succeeded'] }))
  const done = earlier.find(({ plan }) => plan.operation.name === applyTemplate.name) as Run<FleetResult> | undefined
  if (done !== undefined) return { run: done, result: await done.result() }

  screen.heading('The plan: nothing has changed yet')
  // vmgroup_3 alone has a Web server tier of its own; the plan says so in a note.
  const plan = await manager.plan(applyTemplate, { unit: 'gyoumu_a', template: version, allowOutage: true })
  screen.say(formatPlan(plan))

  screen.heading('Roll it over gyoumu_a, one group after another')
  await dataCentre.slowDown(pace)
  await dataCentre.beginWatching(await allUnits(manager))
  const run = await manager.start(plan, { signal })
  return { run, result: await watchRun(run, screen) }
}

interface Told extends Rolled {
  /** The servers that carried the patch before it was rolled out. */
  readonly before: ReadonlySet<string>
  readonly screen: Screen
}

async function report(site: Site, { run, result, before, screen }: Told): Promise<void> {
  const { manager, dataCentre } = site
  const units = await allUnits(manager)
  const rolled = units.filter(({ name }) => name === 'gyoumu_a')
  const others = units.filter((unit) => !rolled.includes(unit))
  reportOutcomes(result, screen)
  const evidence = await dataCentre.evidence(await periodOf(run))
  reportAvailability(evidence, { rolled, others, screen })
  reportPatched({ units, before, after: await patchedServers(site), screen })
  await reportMachines(evidence, { units, dataCentre, screen })
}

/** Looks into every server of every unit; gives `unit slot` of those that carry the patch. */
async function patchedServers({ manager, dataCentre }: Site): Promise<ReadonlySet<string>> {
  const asked = (await allUnits(manager)).flatMap(({ name, groups }) =>
    groups.flatMap(({ servers }) =>
      servers.map(async (server) =>
        (await dataCentre.patchIn(server)) === undefined ? [] : [`${name} ${server.slot}`],
      ),
    ),
  )
  return new Set((await Promise.all(asked)).flat())
}

async function allUnits(manager: Manager): Promise<readonly ManagementUnit[]> {
  return await manager.as({ name: 'admin', role: 'administrator' }).units.list()
}

async function periodOf(run: Run): Promise<Period> {
  const times = await Array.fromAsync(run.events({ follow: false }), ({ time }) => time)
  return { from: times[0] ?? 0, to: times.at(-1) ?? 0 }
}
