import {
  applyTemplate,
  type Manager,
  type Notice,
  type Notifier,
  requestResources,
  stop,
  VmunitError,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { refusal } from '../support/refusal.ts'
import { breakVersion, SLOTS, UNIT } from '../support/story.ts'
import { until } from '../support/until.ts'

const ADMINISTRATOR = { name: 'admin', role: 'administrator' } as const

/** Keeps what it is told; `refuse` says what becomes of the next notice. */
function listener(refuse: (notice: Notice, count: number) => Error | undefined = () => undefined) {
  const told: Notice[] = []
  let count = 0
  const notifier: Notifier = {
    async notify(notice) {
      count += 1
      const error = refuse(notice, count)
      if (error !== undefined) throw error
      told.push(notice)
    },
  }
  return { told, notifier, subjects: () => told.map(({ severity, subject }) => `${severity}: ${subject}`) }
}

async function prepare(): Promise<{ readonly fleet: Fleet; readonly admin: Manager }> {
  const fleet = await createFleet()
  await fleet.build(UNIT, storyGroups())
  return { fleet, admin: fleet.manager.as(ADMINISTRATOR) }
}

describe('notices', () => {
  it('tell outcomes and faults, each run in its order, once', async () => {
    const { fleet, admin } = await prepare()
    await using _ = fleet
    const before = listener()
    expect(await admin.notices.deliver('ops', before.notifier)).toBe(4)
    expect(before.subjects()).toEqual([
      'info: importDefinition on gyoumu_a succeeded',
      'info: attachGroups on gyoumu_a succeeded',
      'info: updateUnit on gyoumu_a succeeded',
      'info: start on gyoumu_a succeeded',
    ])
    const template = await breakVersion(fleet)
    const groups = ['vmgroup_1']
    await refusal(fleet.manager.execute(applyTemplate, { unit: UNIT, template, groups, allowOutage: true }))
    const after = listener()
    await admin.notices.deliver('ops', after.notifier)
    expect(after.subjects()).toEqual([
      'info: patchTemplate on template/web-base succeeded',
      'error: vmgroup_1 failed in applyTemplate on gyoumu_a',
      'warning: applyTemplate on gyoumu_a goes back',
      `warning: A machine of ${SLOTS[0]} is in quarantine`,
      'error: applyTemplate on gyoumu_a failed',
    ])
    expect(after.told[1]).toMatchObject({ topic: 'fault', server: SLOTS[0] })
    expect(new Set(after.told.map(({ id }) => id)).size).toBe(5)
    expect(await admin.notices.deliver('ops', after.notifier), 'nothing twice').toBe(0)
    expect(await admin.notices.deliver('others', listener().notifier), 'another name begins at the start').toBe(9)
  })

  it('can be only some, and only new ones', async () => {
    const { fleet, admin } = await prepare()
    await using _ = fleet
    expect(await admin.notices.deliver('a', listener().notifier, { topics: ['fault', 'request'] })).toBe(0)
    expect(await admin.notices.deliver('b', listener().notifier, { since: Date.now() + 60_000 })).toBe(0)
    expect(await admin.notices.deliver('b', listener().notifier), 'passed over for good').toBe(0)
  })

  it('what may pass is waited out; what may not stops there and is the first of the next delivery', async () => {
    const { fleet, admin } = await prepare()
    await using _ = fleet
    const away = new VmunitError('ERR_UNAVAILABLE', 'away', { retryable: true })
    const flaky = listener((_notice, count) =>
      count === 2 ? away : count === 4 ? new Error('no such address') : undefined,
    )
    await expect(admin.notices.deliver('ops', flaky.notifier)).rejects.toThrow('no such address')
    expect(flaky.subjects()).toHaveLength(2)
    const rest = listener()
    await admin.notices.deliver('ops', rest.notifier)
    expect(rest.subjects()).toEqual(['info: updateUnit on gyoumu_a succeeded', 'info: start on gyoumu_a succeeded'])
  })

  it('are delivered by one process at a time, and go on in another one', async () => {
    const { fleet, admin } = await prepare()
    await using _ = fleet
    const other = fleet.another().as(ADMINISTRATOR)
    const end = new AbortController()
    const first = listener()
    const following = admin.notices.deliver('ops', first.notifier, { follow: true, signal: end.signal })
    await until(async () => (first.told.length === 4 ? true : undefined))
    expect((await refusal(other.notices.deliver('ops', listener().notifier))).code).toBe('ERR_LOCKED')
    await fleet.manager.execute(stop, { unit: UNIT })
    await until(async () => (first.told.length === 5 ? true : undefined))
    end.abort(new Error('enough'))
    await expect(following).rejects.toThrow('enough')
    expect(await other.notices.deliver('ops', listener().notifier)).toBe(0)
  })

  it('say what is asked and how to answer', async () => {
    const { fleet, admin } = await prepare()
    await using _ = fleet
    const { manager } = fleet
    const approval = await manager.start(await manager.plan(stop, { unit: UNIT, groups: ['vmgroup_1'] }), {
      approval: 'required',
    })
    const from = Date.UTC(2026, 10, 1)
    const last = Date.now() + 86_400_000
    const request = { kind: 'patchServer', template: 'web-base', version: 1 } as const
    const letter = await manager.plan(requestResources, { request, from, until: last, by: 'person' })
    const run = await manager.start(letter)
    await until(async () => ((await manager.requests.list()).length === 2 ? true : undefined))
    const { notifier, told } = listener()
    await admin.notices.deliver('desk', notifier, { topics: ['request'] })
    const open = await manager.requests.list()
    expect(told.map((notice) => String(notice.request)).toSorted()).toEqual(open.map(({ id }) => id).toSorted())
    const asked = told.find((notice) => notice.run === run.id)
    expect(asked?.subject).toContain('Provide a server for patching template web-base (version 1)')
    expect(asked?.text).toContain('From:  2026-11-01T00:00:00.000Z')
    expect(asked?.text).toContain(`manager.answer('${run.id}/request/ask#1', …)`)
    const approving = told.find((notice) => notice.run === approval.id)
    expect(approving?.text).toContain(approval.plan.hash)
    await approval.cancel('enough')
    await run.cancel('enough')
  })

  it('are for administrators', async () => {
    const { fleet } = await prepare()
    await using _ = fleet
    const error = await refusal(fleet.manager.notices.deliver('ops', listener().notifier))
    expect(error.code).toBe('ERR_PERMISSION_DENIED')
  })
})
