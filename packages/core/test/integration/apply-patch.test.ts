import {
  applyPatch,
  attachGroups,
  type Manager,
  type Notice,
  type Notifier,
  type PendingRequest,
  start,
  stop,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { machineOf, machinesOf, SLOTS, standing, UNIT } from '../support/story.ts'
import { until } from '../support/until.ts'
import { fewestServing, mark, mutationsSince, servingMoments } from '../support/world-log.ts'

const COMMANDS = [['sh', '-c', 'echo $VMI_VIRTUALID >> /var/log/patch.log']] as const
const ALL_WORKING = [
  `${SLOTS[0]} working in 1`,
  `${SLOTS[1]} working in 1`,
  `${SLOTS[2]} working in 1`,
  `${SLOTS[3]} working none 1`,
]

const logOf = async (fleet: Fleet, slot: string): Promise<string | undefined> =>
  await fleet.world.admin.readFile((await machineOf(fleet, slot)).id, '/var/log/patch.log')

const bootOf = async (fleet: Fleet, slot: string): Promise<string> => {
  const { addresses } = await machineOf(fleet, slot)
  await using guest = await fleet.world.guests.open({
    address: addresses[0] ?? '',
    hostKeys: await keysOf(fleet, slot),
  })
  return await guest.bootId()
}

async function keysOf(fleet: Fleet, slot: string): Promise<readonly string[]> {
  const { id } = await machineOf(fleet, slot)
  const { machines } = await fleet.world.hypervisor.inventory({ ids: [id] })
  return machines[0]?.hostKeys ?? []
}

async function pending(manager: Manager): Promise<PendingRequest> {
  return await until(async () => (await manager.requests.list())[0])
}

describe('applyPatch by jobs', () => {
  it('patches one group after another while the others serve', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const machines = await machinesOf(fleet)
    const from = await mark(fleet.world)
    const input = { unit: UNIT, commands: COMMANDS, allowOutage: true }
    const { outcomes } = await fleet.manager.execute(applyPatch, input)
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('changed'))
    expect(await Promise.all(SLOTS.map(async (slot) => await logOf(fleet, slot)))).toEqual(
      [101, 102, 103, 104].map((host) => `192.168.1.${host}\n`),
    )
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual(ALL_WORKING)
    expect(new Set((await machinesOf(fleet)).keys())).toEqual(new Set(machines.keys()))
    const moments = servingMoments(await fleet.world.admin.log(), { unit: UNIT, slots: SLOTS })
    expect(fewestServing(moments, from)).toBe(2)
  })

  it('blocks and stops before the patch, starts and unblocks after it', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const from = await mark(fleet.world)
    await fleet.manager.execute(applyPatch, { unit: UNIT, groups: ['vmgroup_1'], commands: COMMANDS })
    const made = (await mutationsSince(fleet.world, from)).map(({ call, step }) => `${call} ${step ?? ''}`.trim())
    const [slot] = SLOTS
    expect(made.filter((line) => line.startsWith('guests.'))).toEqual([
      `guests.startJob ${slot}/stop`,
      `guests.startJob ${slot}/patch-1`,
      `guests.startJob ${slot}/start`,
    ])
    expect(made[0]).toContain('balancer.traffic')
    expect(made.at(-1)).toContain('balancer.traffic')
  })

  it('reboots and proves it by another boot id', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const before = await bootOf(fleet, SLOTS[0])
    const input = { unit: UNIT, groups: ['vmgroup_1'], commands: COMMANDS, reboot: true }
    await fleet.manager.execute(applyPatch, input)
    expect(await bootOf(fleet, SLOTS[0])).not.toBe(before)
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual(ALL_WORKING)
  })

  it('has the files in place while the commands run, and takes them away afterwards, also after failure', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { hash: files } = await fleet.manager.definitions.add(memoryDefinition([], { 'fix.bin': 'new' }))
    const commands = [['cp', '/opt/vmunit/patch/fix.bin', '/etc/fix']] as const
    await fleet.manager.execute(applyPatch, { unit: UNIT, groups: ['vmgroup_1'], commands, files })
    const { id } = await machineOf(fleet, SLOTS[0])
    expect(await fleet.world.admin.readFile(id, '/etc/fix')).toBe('new')
    const broken = { unit: UNIT, groups: ['vmgroup_1'], commands: [['false']] as const, files }
    expect((await refusal(fleet.manager.execute(applyPatch, broken))).code).toBe('ERR_RUN_FAILED')
    expect((await fleet.world.admin.files(id)).filter((path) => path.startsWith('/opt/vmunit/patch'))).toEqual([])
  })

  it('leaves a group that fails out of service as it is, and begins no other', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const error = await refusal(
      fleet.manager.execute(applyPatch, { unit: UNIT, commands: [['false']], allowOutage: true }),
    )
    expect(error.details).toMatchObject({
      outcomes: ['failed', 'notStarted', 'notStarted', 'notStarted'].map((status) => ({ status })),
    })
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual([
      `${SLOTS[0]} stopped out 1`,
      ...ALL_WORKING.slice(1),
    ])
  })

  it('patches stopped servers and leaves them stopped', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    await fleet.manager.execute(applyPatch, { unit: UNIT, groups: ['vmgroup_1'], commands: COMMANDS })
    expect(await logOf(fleet, SLOTS[0])).toBe('192.168.1.101\n')
    expect(standing(await fleet.manager.units.get(UNIT))[0]).toBe(`${SLOTS[0]} stopped out 1`)
  })

  it('whole: stops the unit, patches one server after another, starts the unit', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const from = await mark(fleet.world)
    await fleet.manager.execute(applyPatch, { unit: UNIT, commands: COMMANDS, whole: true, allowOutage: true })
    const jobs = (await mutationsSince(fleet.world, from)).filter(({ call }) => call === 'guests.startJob')
    const verbs = jobs.map(({ step }) => step?.split('/').at(-1))
    expect(verbs).toEqual([...Array(4).fill('stop'), ...Array(4).fill('patch-1'), ...Array(4).fill('start')])
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual(ALL_WORKING)
  })

  it('whole: a group that fails does not keep the others stopped', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    for (const slot of SLOTS.filter((one) => one !== SLOTS[1])) {
      await fleet.world.admin.writeFile((await machineOf(fleet, slot)).id, '/etc/may-patch', '')
    }
    const commands = [['test', '-f', '/etc/may-patch']] as const
    const error = await refusal(
      fleet.manager.execute(applyPatch, { unit: UNIT, commands, whole: true, allowOutage: true }),
    )
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual([
      ALL_WORKING[0],
      `${SLOTS[1]} stopped out 1`,
      ...ALL_WORKING.slice(2),
    ])
  })

  it('a job without exit code fails the group, and is run again when it is repeatable', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const commands = [['sh', '-c', 'echo began >> /var/log/patch.log\nsleep 0.5']] as const
    const { id } = await machineOf(fleet, SLOTS[0])
    const cycle = async (count: number): Promise<void> => {
      await until(async () => ((await logOf(fleet, SLOTS[0]))?.split('began').length === count + 1 ? true : undefined))
      await fleet.world.admin.setPower(id, 'off')
      await fleet.world.admin.setPower(id, 'on')
    }
    const input = { unit: UNIT, groups: ['vmgroup_1'], commands }
    const once = fleet.manager.execute(applyPatch, input)
    await cycle(1)
    expect((await refusal(once)).message).toContain('left no exit code')
    await fleet.manager.execute(start, { unit: UNIT })
    const again = fleet.manager.execute(applyPatch, { ...input, repeatable: true })
    await cycle(2)
    await again
    expect(await logOf(fleet, SLOTS[0])).toBe('began\nbegan\nbegan\n')
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual(ALL_WORKING)
  })

  it('refuses before anything is changed', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const execute = (more: object) => () =>
      fleet.manager.execute(applyPatch, { unit: UNIT, commands: COMMANDS, allowOutage: true, ...more })
    await expectRefused(fleet, 'ERR_WOULD_INTERRUPT', execute({ allowOutage: false }))
    await expectRefused(fleet, 'ERR_INVALID_INPUT', execute({ commands: undefined }))
    await expectRefused(fleet, 'ERR_INVALID_INPUT', execute({ by: 'person' }))
    await expectRefused(fleet, 'ERR_INVALID_INPUT', execute({ whole: true, waves: [{ groups: 1 }] }))
    await expectRefused(fleet, 'ERR_INVALID_INPUT', execute({ until: 1 }))
    await expectRefused(fleet, 'ERR_INVALID_INPUT', execute({ commands: undefined, by: 'person', from: 2, until: 1 }))
    await expectRefused(fleet, 'ERR_NOT_FOUND', execute({ files: 'f'.repeat(64) }))
    await expectRefused(fleet, 'ERR_NOT_FOUND', execute({ groups: ['vmgroup_9'] }))
    await fleet.world.admin.setPower((await machineOf(fleet, SLOTS[0])).id, 'off')
    await expectRefused(fleet, 'ERR_WRONG_STATE', execute({}))
  })

  it('does not reboot machines that are not ours, and patches them all the same', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    await fleet.provide(storyGroups().slice(1, 2), UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups().slice(1, 2) })
    const input = { unit: UNIT, groups: ['vmgroup_2'], commands: COMMANDS }
    await expectRefused(fleet, 'ERR_NOT_ADOPTED', () => fleet.manager.execute(applyPatch, { ...input, reboot: true }))
    const { outcomes } = await fleet.manager.execute(applyPatch, input)
    expect(outcomes).toMatchObject([{ status: 'changed' }])
  })
})

describe('applyPatch by a person', () => {
  it('stops a group, waits without a lease for the answer of whoever asked for it, starts it, then the next', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { manager } = fleet
    const input = { unit: UNIT, groups: ['vmgroup_1', 'vmgroup_2'], by: 'person' } as const
    const run = await manager.start(await manager.plan(applyPatch, input))
    const first = await pending(manager)
    expect(first).toMatchObject({ run: run.id, kind: 'work', requestedBy: 'user_a' })
    expect(first.text).toContain('vmgroup_1 of gyoumu_a')
    expect(standing(await manager.units.get(UNIT)).slice(0, 2)).toEqual([
      `${SLOTS[0]} stopped out 1`,
      `${SLOTS[1]} working in 1`,
    ])
    await expect.poll(() => run.state()).toMatchObject({ state: 'waiting', request: first.id })
    await until(async () => ((await holderOf(fleet, run.id)) === undefined ? true : undefined))

    await manager.answer(first.id, { approve: true })
    const second = await until(async () => (await manager.requests.list()).find(({ id }) => id !== first.id))
    expect(second.text).toContain('vmgroup_2 of gyoumu_a')
    expect(standing(await manager.units.get(UNIT)).slice(0, 2)).toEqual([
      `${SLOTS[0]} working in 1`,
      `${SLOTS[1]} stopped out 1`,
    ])
    await manager.answer(second.id, { approve: true })
    const { outcomes } = await run.result()
    expect(outcomes.map(({ status }) => status)).toEqual(['changed', 'changed'])
    expect(standing(await manager.units.get(UNIT))).toEqual(ALL_WORKING)
  })

  it('survives the end of its manager: another one goes on when it is answered', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const input = { unit: UNIT, groups: ['vmgroup_1'], by: 'person' } as const
    const earlier = fleet.another()
    const { id } = await earlier.start(await earlier.plan(applyPatch, input))
    const request = await pending(earlier)
    await earlier.close()
    const later = fleet.another()
    await later.answer(request.id, { approve: true })
    await later.resume()
    const { outcomes } = (await (await later.run(id)).result()) as { outcomes: readonly { status: string }[] }
    expect(outcomes.map(({ status }) => status)).toEqual(['changed'])
    expect(standing(await later.units.get(UNIT))).toEqual(ALL_WORKING)
  })

  it('whole: one wait for the whole unit', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { manager } = fleet
    const input = { unit: UNIT, by: 'person', whole: true, allowOutage: true, text: 'Fix 17' } as const
    const run = await manager.start(await manager.plan(applyPatch, input))
    const request = await pending(manager)
    expect(request.text).toMatch(/^Fix 17: vmgroup_1, vmgroup_2, vmgroup_3 of gyoumu_a/)
    expect(standing(await manager.units.get(UNIT)).every((line) => line.includes(' stopped '))).toBe(true)
    await manager.answer(request.id, { approve: true })
    await run.result()
    expect(standing(await manager.units.get(UNIT))).toEqual(ALL_WORKING)
  })

  it('with reboot: true an answer without a reboot is no success', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { manager } = fleet
    const input = { unit: UNIT, groups: ['vmgroup_1'], by: 'person', reboot: true } as const
    const run = await manager.start(await manager.plan(applyPatch, input))
    const request = await pending(manager)
    const { id } = await machineOf(fleet, SLOTS[0])
    await manager.answer(request.id, { approve: true })
    await until(async () => {
      const events: string[] = []
      for await (const event of run.events({ follow: false })) {
        if (event.type === 'step.began') events.push(event.data.step)
      }
      return events.includes(`${SLOTS[0]}/answer`) ? true : undefined
    })
    expect(standing(await manager.units.get(UNIT))[0], 'not started yet').toBe(`${SLOTS[0]} stopped out 1`)
    await fleet.world.admin.setPower(id, 'off')
    await fleet.world.admin.setPower(id, 'on')
    await run.result()
    const boots: unknown[] = []
    for await (const event of run.events({ follow: false })) {
      if (event.type === 'step.done' && /\/(?:boot|answer)$/.test(event.data.step)) boots.push(event.data.output)
    }
    expect(boots).toHaveLength(2)
    expect(boots[1], 'another boot is what counts').not.toEqual(boots[0])
    expect(standing(await manager.units.get(UNIT))).toEqual(ALL_WORKING)
  })

  it('declined, the group has failed and stays stopped, and no other is begun', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { manager } = fleet
    const input = { unit: UNIT, groups: ['vmgroup_1', 'vmgroup_2'], by: 'person' } as const
    const run = await manager.start(await manager.plan(applyPatch, input))
    await manager.answer((await pending(manager)).id, { approve: false, note: 'no patch for this kernel' })
    const error = await refusal(run.result())
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(error.message).toContain('no patch for this kernel')
    expect(error.details).toMatchObject({ outcomes: [{ status: 'failed' }, { status: 'notStarted' }] })
    expect(standing(await manager.units.get(UNIT)).slice(0, 2)).toEqual([
      `${SLOTS[0]} stopped out 1`,
      `${SLOTS[1]} working in 1`,
    ])
  })

  it('tells by a notice what is asked, from when and until when', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { manager } = fleet
    const from = Date.UTC(2026, 10, 1)
    const last = Date.UTC(2126, 10, 1)
    const input = { unit: UNIT, groups: ['vmgroup_1'], by: 'person', from, until: last } as const
    const run = await manager.start(await manager.plan(applyPatch, input))
    const request = await pending(manager)
    expect(request).toMatchObject({ kind: 'work', from, until: last })
    const told: Notice[] = []
    const notifier: Notifier = { notify: async (notice) => void told.push(notice) }
    const admin = manager.as({ name: 'admin', role: 'administrator' })
    await admin.notices.deliver('desk', notifier, { topics: ['request'] })
    expect(told).toMatchObject([{ run: run.id, request: request.id }])
    expect(told[0]?.subject).toContain('Patch the servers: vmgroup_1 of gyoumu_a')
    expect(told[0]?.text).toContain(`From:  ${new Date(from).toISOString()}\nUntil: ${new Date(last).toISOString()}`)
    await manager.answer(request.id, { approve: true })
    await run.result()
  })

  it('without an answer in time the group has failed, and nobody is asked any more', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { manager } = fleet
    const input = { unit: UNIT, groups: ['vmgroup_1'], by: 'person', until: Date.now() + 2_000 } as const
    const run = await manager.start(await manager.plan(applyPatch, input))
    const error = await refusal(run.result())
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(error.message).toContain('Nobody answered')
    expect(await manager.requests.list()).toEqual([])
  })

  it('asks about as many groups at once as the wave takes, and starts each when it is answered', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { manager } = fleet
    const input = { unit: UNIT, by: 'person', waves: [{ groups: 2 }], allowOutage: true } as const
    const run = await manager.start(await manager.plan(applyPatch, input))
    const both = await until(async () => {
      const open = await manager.requests.list()
      return open.length === 2 ? open : undefined
    })
    const second = both.find(({ text }) => text.includes('vmgroup_2'))
    await manager.answer(second?.id ?? '', { approve: true })
    await until(async () =>
      (await manager.requests.list()).some(({ text }) => text.includes('vmgroup_3')) ? true : undefined,
    )
    expect(standing(await manager.units.get(UNIT)).slice(0, 2)).toEqual([
      `${SLOTS[0]} stopped out 1`,
      `${SLOTS[1]} working in 1`,
    ])
    for (const { id } of await manager.requests.list()) await manager.answer(id, { approve: true })
    await run.result()
    expect(standing(await manager.units.get(UNIT))).toEqual(ALL_WORKING)
  })
})

async function holderOf(fleet: Fleet, run: string): Promise<unknown> {
  const store = openSqliteStore(fleet.storePath)
  try {
    return await store.holder(`run/${run}`)
  } finally {
    await store.close()
  }
}
