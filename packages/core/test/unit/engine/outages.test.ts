import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ServerGroup, UnitRecord } from '../../../src/domain/management-unit.ts'
import type { Change } from '../../../src/domain/plan.ts'
import { commitUpdates } from '../../../src/engine/commit-updates.ts'
import { keys, plain } from '../../../src/engine/documents.ts'
import { createOutages, putBack } from '../../../src/engine/outages.ts'
import { isVmunitError } from '../../../src/errors/index.ts'
import type { StateStore } from '../../../src/ports/index.ts'
import { openSqliteStore } from '../../../src/sqlite-store/index.ts'
import { tierOf } from '../../support/memory-definition.ts'

const UNIT: UnitRecord = {
  name: 'gyoumu_a',
  owner: 'user_a',
  description: '',
  hypervisor: 'main',
  tiers: [tierOf({ id: 'web', type: 'combined-tier', startOrder: 1, template: 'web-base' })],
}

function groupOf(number: number): ServerGroup {
  const name = `g${String(number).padStart(3, '0')}`
  const server = {
    slot: `${name}/web/0`,
    address: `10.0.0.${number}`,
    port: 20580,
    tierId: 'web',
    status: 'working',
    traffic: 'none',
  } as const
  return { name, unit: UNIT.name, servers: [server], quarantine: [] }
}

function changeOf({ name }: ServerGroup): Change {
  const standIn = { unit: UNIT.name, server: `${name}/web/0`, fact: 'standIn', about: 'web', value: true } as const
  return { group: name, action: 'replace', reason: 'a test', disturbs: true, expects: [standIn], steps: [] }
}

describe('groups that are taken out of service', () => {
  let store: StateStore
  const groups = Array.from({ length: 120 }, (_, index) => groupOf(index + 1))

  beforeEach(async () => {
    store = openSqliteStore(':memory:')
    const put = groups.map((group) => ({ key: keys.group(UNIT.name, group.name), revision: 0, value: plain(group) }))
    await store.commit({ put: [{ key: keys.unit(UNIT.name), revision: 0, value: plain(UNIT) }, ...put] })
  })

  afterEach(async () => {
    await store.close()
  })

  /** The groups that were refused. */
  async function takeOut(run: string, wanted: readonly ServerGroup[]): Promise<readonly string[]> {
    const outages = createOutages(store, run)
    const settled = await Promise.allSettled(wanted.map((group) => outages.takeOut(changeOf(group))))
    return wanted.flatMap(({ name }, index) => {
      const result = settled[index]
      if (result?.status !== 'rejected') return []
      if (!isVmunitError(result.reason, 'ERR_PLAN_STALE')) throw result.reason
      return [name]
    })
  }

  it('are all taken at once while one more serves', async () => {
    expect(await takeOut('run-1', groups.slice(0, -1))).toEqual([])
  })

  it('are taken up to the last one, which is refused', async () => {
    expect(await takeOut('run-1', groups)).toHaveLength(1)
  })

  it('count for the other runs, which may ask at the same moment', async () => {
    const refused = await Promise.all([takeOut('run-1', groups.slice(0, 60)), takeOut('run-2', groups.slice(60))])
    expect(refused.flat()).toHaveLength(1)
  })

  it('may be taken again by the run that has them, which somebody else resumed', async () => {
    expect(await takeOut('run-1', groups.slice(0, 5))).toEqual([])
    expect(await takeOut('run-1', groups.slice(0, 5))).toEqual([])
  })

  it('stand in for others when they are given back', async () => {
    const [last] = await takeOut('run-1', groups)
    const [returned] = groups
    if (returned === undefined) throw new Error('no group')
    await commitUpdates(store, { updates: putBack('run-1', [changeOf(returned)]) })
    expect(
      await takeOut(
        'run-1',
        groups.filter(({ name }) => name === last),
      ),
    ).toEqual([])
  })
})
