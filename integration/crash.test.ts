import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applyTemplate, patchTemplate, stepsOf } from '@vmunit/core'
import { baseSeed, randomOf } from '@vmunit/testbed/seeded-random'
import { describe, expect, it } from 'vitest'
import { openSites, type SiteOpener } from './site/open-sites.ts'
import { buildUnit, createFleet, storyGroups, watched } from './support/fleet.ts'
import { fileInEach, machineOf, standing } from './support/looks.ts'
import { moveRun } from './support/mover.ts'

const UNIT = 'gyoumu_a'
const SLOTS = ['vmgroup_1/combined/0', 'vmgroup_2/combined/0', 'vmgroup_3/web/0', 'vmgroup_3/app/0']
// `npm run crash` takes twice as many.
const KILLS = process.env['VMUNIT_CRASH'] === 'all' ? 24 : 12
const KILLS_OF_A_RUN = 3
const RUNS_AT_MOST = KILLS

// The manager is a process that is killed; platform, guests and store live on, as they do in life.
describe.each(openSites())('kill -9 on the $name', ({ open }: SiteOpener) => {
  it(`at ${KILLS} seeded moments of roll-outs: each is resumed, and ends as if nothing had happened`, async () => {
    await using site = await open()
    await using fleet = await createFleet(site)
    const { manager, storePath } = fleet
    const directory = await mkdtemp(join(tmpdir(), 'vmunit-crash-'))
    await using cleaning = new AsyncDisposableStack()
    cleaning.defer(async () => await rm(directory, { recursive: true }))
    const connection = join(directory, 'connection.json')
    await writeFile(connection, JSON.stringify(site.connection), { mode: 0o600 })
    const groups = storyGroups(site)
    await buildUnit(fleet, { unit: UNIT, groups })
    const machines = (await site.machines()).length
    const random = randomOf(baseSeed())
    const killedAt: number[] = []

    for (let run = 1; run <= RUNS_AT_MOST && killedAt.length < KILLS; run += 1) {
      const mark = `/etc/patched-${run + 1}`
      const { version } = await manager.execute(patchTemplate, { template: 'web-base', commands: [['touch', mark]] })
      const plan = await manager.plan(applyTemplate, { unit: UNIT, template: version, allowOutage: true })
      const planFile = join(directory, `plan-${run}.json`)
      await writeFile(planFile, JSON.stringify(plan))
      const records =
        2 * plan.phases.flatMap(({ changes }) => changes.flatMap((change) => stepsOf(plan, change))).length
      await using watch = await site.watch(UNIT, watched(groups))

      let seq = 1
      let isFinished = false
      for (let kill = 0; kill < KILLS_OF_A_RUN && !isFinished; kill += 1) {
        const left = Math.max(1, Math.floor((records - seq) / (KILLS_OF_A_RUN - kill)))
        const at = { seq: seq + 1 + random.below(left), afterMs: random.below(150) }
        const moved = await moveRun({ connection, storePath, plan: kill === 0 ? planFile : undefined, kill: at })
        isFinished = moved.finished
        seq = Math.max(seq, moved.seq)
        if (!isFinished) killedAt.push(moved.seq)
      }
      if (!isFinished) expect((await moveRun({ connection, storePath })).finished).toBe(true)

      const { fewest } = await watch.stop()
      expect(fewest, 'groups that served at any moment').toBeGreaterThanOrEqual(2)
      const { version: number } = version
      expect(standing(await manager.units.get(UNIT))).toEqual(
        SLOTS.map(
          (slot) =>
            `${slot} working ${slot.includes('/app/') ? `none ${site.tellsOrigin ? 1 : undefined}` : `in ${number}`}`,
        ),
      )
      const patched = await fileInEach(fleet, UNIT, mark)
      for (const slot of SLOTS) {
        expect((await machineOf(site, UNIT, slot)).power, slot).toBe('on')
        expect(patched[slot], slot).toBe(slot.includes('/app/') ? undefined : '')
      }
      expect((await site.machines()).length, 'no machine more and none less').toBe(machines)
    }
    console.log(`killed at records ${killedAt.join(', ')}`)
    expect(killedAt.length).toBeGreaterThanOrEqual(KILLS)
  }, 900_000)
})
