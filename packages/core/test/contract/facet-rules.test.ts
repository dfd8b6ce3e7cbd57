import { describe, expect, it } from 'vitest'
import type { HypervisorDriver, Machine, OwnedMachine } from '../../src/ports/index.ts'
import { HYPERVISOR_RULES, type HypervisorLab } from '../../src/testing/index.ts'
import { openWorldHypervisorLab } from './labs/world-hypervisor-lab.ts'

type Snapshots = NonNullable<HypervisorDriver['snapshots']>
type Changes = NonNullable<HypervisorDriver['changes']>

/** Snapshots by names only: enough to see what the rules see. */
function snapshotsOf(driver: HypervisorDriver): Snapshots {
  const assertOwned = async (machine: OwnedMachine): Promise<void> => {
    await driver.power(machine, 'off')
  }
  return {
    create: async (machine, id) => {
      await assertOwned(machine)
      return `snapshot of ${id}`
    },
    revert: assertOwned,
  }
}

/** Asks again and again, as a driver without push does. */
function changesOf(driver: HypervisorDriver): Changes {
  return {
    watch: async function* ({ signal }): AsyncGenerator<Machine> {
      const seen = new Map<string, string>()
      for (;;) {
        for (const machine of (await driver.inventory({})).machines) {
          if (seen.get(machine.id) === machine.power) continue
          seen.set(machine.id, machine.power)
          yield machine
        }
        signal?.throwIfAborted()
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}

async function outcomeOf(id: string, facets: (driver: HypervisorDriver) => Partial<HypervisorDriver>): Promise<string> {
  const good = await openWorldHypervisorLab()
  const lab: HypervisorLab = { ...good, slowMs: 200, driver: { ...good.driver, ...facets(good.driver) } }
  const rule = HYPERVISOR_RULES.find((each) => each.id === id)
  const outcome = await rule?.run(lab, []).then(
    () => 'holds',
    () => 'broken',
  )
  await good.close()
  return outcome ?? 'no such rule'
}

describe('rules of facets that the simulator lacks', () => {
  it.each(['HV-114', 'HV-115'])('%s holds for snapshots that are made as asked', async (id) => {
    expect(await outcomeOf(id, (driver) => ({ snapshots: snapshotsOf(driver) }))).toBe('holds')
  })

  it('HV-114 catches a second snapshot for the same operation', async () => {
    let count = 0
    const create: Snapshots['create'] = async () => `snapshot ${count++}`
    expect(await outcomeOf('HV-114', (driver) => ({ snapshots: { ...snapshotsOf(driver), create } }))).toBe('broken')
  })

  it('HV-115 catches a revert that does not look at the marker', async () => {
    const revert: Snapshots['revert'] = async () => {}
    expect(await outcomeOf('HV-115', (driver) => ({ snapshots: { ...snapshotsOf(driver), revert } }))).toBe('broken')
  })

  it('HV-116 holds for a watch that tells changes and ends', async () => {
    expect(await outcomeOf('HV-116', (driver) => ({ changes: changesOf(driver) }))).toBe('holds')
  })

  it('HV-116 catches a watch that tells nothing', async () => {
    const watch: Changes['watch'] = async function* () {}
    expect(await outcomeOf('HV-116', () => ({ changes: { watch } }))).toBe('broken')
  })

  it('HV-116 catches a watch that does not end', async () => {
    const deaf = (driver: HypervisorDriver): Changes => ({ watch: () => changesOf(driver).watch({}) })
    expect(await outcomeOf('HV-116', (driver) => ({ changes: deaf(driver) }))).toBe('broken')
  })
})
