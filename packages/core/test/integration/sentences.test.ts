import { applyTemplate, patchTemplate, power, type Run, stop } from '@vmunit/core'
import type { FaultRule } from '@vmunit/core/testing'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, QUICK, storyGroups } from '../support/fleet.ts'
import { breakVersion, machineOf, SLOTS, UNIT, upgrade } from '../support/story.ts'
import { until } from '../support/until.ts'

/** Everything is written down at once that otherwise would be after five seconds. */
const ATTENTIVE = { ...QUICK, noticeMs: 20 }

async function fleetWith(options: Parameters<typeof createFleet>[0] = {}): Promise<Fleet> {
  const fleet = await createFleet({ timing: ATTENTIVE, ...options })
  await fleet.build(UNIT, storyGroups())
  return fleet
}

/** Waits until another manager sees that such a sentence was written down. */
async function seen({ another }: Fleet, run: Run, what: RegExp): Promise<string> {
  const { events } = await another().run(run.id)
  for await (const { type, data } of events()) if (type === 'wait.noted' && what.test(data.for)) return data.for
  throw new Error(`The run ended without saying ${what}.`)
}

/** The next calls fail for a while. */
const unreachable = (call: string): FaultRule => ({
  call,
  times: 3,
  effect: { type: 'error', code: 'ERR_UNAVAILABLE' },
})

describe('a run that waits longer than a moment says for what', () => {
  it('a job in a guest', async () => {
    await using fleet = await fleetWith()
    const commands = [['sleep', '0.5']] as const
    const run = await fleet.manager.start(await fleet.manager.plan(patchTemplate, { template: 'web-base', commands }))
    await seen(fleet, run, /^"sleep 0\.5" to end on /)
    await run.result()
    expect(await run.state()).toMatchObject({ state: 'succeeded', waitingFor: undefined })
  })

  it('a guest that does not answer', async () => {
    await using fleet = await fleetWith()
    const template = await upgrade(fleet)
    const run = await fleet.manager.start(
      await fleet.manager.plan(applyTemplate, { unit: UNIT, template, allowOutage: true }),
    )
    await until(
      async () =>
        (await fleet.world.admin.log()).some(
          ({ type, ...event }) =>
            type === 'begun' &&
            'call' in event &&
            event.call === 'hypervisor.create' &&
            event.operationId?.startsWith(run.id),
        ) || undefined,
    )
    await fleet.world.admin.faults([{ ...unreachable('guests.open'), times: 60 }])
    await seen(fleet, run, /the guest at .* to answer|another try/)
    await fleet.world.admin.faults([])
    await run.result()
  })

  it('the limits of a hypervisor, and a platform that is still at it', async () => {
    await using fleet = await fleetWith({ limits: { create: 1 } })
    const template = await upgrade(fleet)
    await fleet.world.admin.holdCreations(true)
    const run = await fleet.manager.start(
      await fleet.manager.plan(applyTemplate, { unit: UNIT, template, allowOutage: true, waves: [{ groups: '100%' }] }),
    )
    const { events } = await fleet.another().run(run.id)
    const notes: string[] = []
    for await (const { type, data } of events()) {
      if (type === 'wait.noted') notes.push(data.for)
      if (new Set(notes.filter((note) => /"create"/.test(note))).size === 2) break
    }
    expect(notes).toContain('room for "create" within the limits of the hypervisor')
    expect(notes).toContain('the hypervisor to carry out "create"')
    await fleet.world.admin.holdCreations(false)
    await run.result()
  })

  it('another try, and a look that finds nothing out', async () => {
    await using fleet = await fleetWith()
    const { manager, world } = fleet
    await manager.execute(stop, { unit: UNIT })
    const plan = await manager.plan(power, { unit: UNIT, groups: ['vmgroup_1'], to: 'off' })
    const { id } = await machineOf(fleet, SLOTS[0])
    await world.admin.setMarkerReadable(id, false)
    await world.admin.faults([{ ...unreachable('hypervisor.power'), times: 1 }])
    const run = await manager.start(plan)
    await seen(fleet, run, /^another try, because of /)
    await seen(fleet, run, /^a look to say what became of it: the marker of \S+ cannot be read/)
    await world.admin.setMarkerReadable(id, true)
    await run.result()
  })

  it('a look at its servers before a group begins', async () => {
    await using fleet = await fleetWith()
    const { manager, world } = fleet
    const template = await upgrade(fleet)
    const plan = await manager.plan(applyTemplate, { unit: UNIT, template, groups: ['vmgroup_1'] })
    // The start itself looks twice: for traces of lost records, and whether the plan still holds.
    await world.admin.faults([{ ...unreachable('hypervisor.inventory'), skip: 2 }])
    const run = await manager.start(plan)
    await seen(fleet, run, /^a look at its servers: /)
    await run.result()
  })
})

describe('manager.explain', () => {
  it('says why a server is where it is: plan, past, machines, and what to do', async () => {
    await using fleet = await fleetWith()
    const { manager } = fleet
    const template = await breakVersion(fleet)
    const run = await manager.start(await manager.plan(applyTemplate, { unit: UNIT, template, allowOutage: true }))
    await expect(run.result()).rejects.toMatchObject({ code: 'ERR_RUN_FAILED' })
    const failed = await manager.explain(run.id, SLOTS[0])
    const text = failed.sentences.join('\n')
    expect(failed).toMatchObject({ run: run.id, server: SLOTS[0], address: '192.168.1.101' })
    expect(failed.sentences[0]).toBe(
      `Run ${run.id} (applyTemplate) is to replace it: ${SLOTS[0]} at 192.168.1.101, because: web-base 1 → 2.`,
    )
    expect(text).toMatch(/\d{4}-\d\d-\d\dT[\d:.]+Z: vmgroup_1\/combined\/0\/create\S* is done, with machine vm-/)
    expect(text).toMatch(/vmgroup_1\/combined\/0\/start failed: .*\(ERR_COMMAND_FAILED\)/)
    expect(text).toMatch(/the run goes back, because vmgroup_1 failed/)
    expect(text).toMatch(
      /The server is bound to machine \S+, version 1 of its template; it is working and gets traffic\./,
    )
    expect(text).toMatch(/Machine \S+ is in quarantine \(run .* went back\)/)
    expect(failed.sentences.at(-1)).toMatch(/^The run has failed\. Read the output/)
    const untouched = await manager.explain(run.id, SLOTS[1])
    expect(untouched.sentences[1]).toContain('the run goes back, because vmgroup_1 failed')
    expect(untouched.sentences.at(-1)).toContain('see to vmgroup_1, then plan again')
    await expect(manager.explain(run.id, 'vmgroup_9/web/0')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    await expect(manager.explain('nothing', SLOTS[0])).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })

  it('says which groups are before one that has not begun, and how to go on with a paused run', async () => {
    await using fleet = await fleetWith()
    const { manager, world } = fleet
    const template = await upgrade(fleet)
    await world.admin.holdCreations(true)
    const run = await manager.start(await manager.plan(applyTemplate, { unit: UNIT, template, allowOutage: true }))
    await seen(fleet, run, /"create"/)
    const waiting = await manager.explain(run.id, SLOTS[1])
    expect(waiting.sentences).toContain('Its group vmgroup_2 has not begun: vmgroup_1 is in work.')
    expect(waiting.sentences.at(-1)).toMatch(/^Nothing is to be done yet: .* moves the run, which waits for .*create/)
    await world.admin.holdCreations(false)
    await run.pause()
    const paused = await manager.explain(run.id, SLOTS[0])
    expect(paused.sentences.at(-1)).toBe(
      `The run is paused: continue it with manager.resume('${run.id}'), or end it with cancel.`,
    )
    const [resumed] = await manager.resume(run.id)
    await resumed?.result()
    const done = await manager.explain(run.id, SLOTS[3])
    expect(done.sentences.at(-1)).toBe('Nothing is to be done: the run has ended well.')
  })

  it('names the request that a run waits for', async () => {
    await using fleet = await fleetWith()
    const { manager } = fleet
    const run = await manager.start(await manager.plan(stop, { unit: UNIT }), { approval: 'required' })
    const { request } = await run.until('waiting')
    const { sentences } = await manager.explain(run.id, SLOTS[0])
    expect(sentences).toContain('Its group vmgroup_1 has not begun.')
    expect(sentences.at(-1)).toMatch(/^The run waits for an answer to ".*": answer request /)
    expect(sentences.at(-1)).toContain(request)
    await run.cancel('enough')
    const cancelled = await manager.explain(run.id, SLOTS[0])
    expect(cancelled.sentences.at(-1)).toBe('The run was cancelled (enough) and left nothing half done here.')
  })

  it('says what became of a server that was stopped, and tells nothing to strangers', async () => {
    await using fleet = await fleetWith()
    const { manager } = fleet
    const run = await manager.start(await manager.plan(stop, { unit: UNIT }))
    await run.result()
    const stranger = manager.as({ name: 'user_b', role: 'builder' })
    await expect(stranger.explain(run.id, SLOTS[0])).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    expect((await manager.explain(run.id, SLOTS[0])).sentences.join('\n')).toContain(
      'it is stopped and gets no traffic',
    )
  })
})
