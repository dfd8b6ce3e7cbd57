import {
  applyTemplate,
  createTemplate,
  exitClass,
  type Manager,
  patchTemplate,
  recoverServer,
  retireTemplate,
  scaleOut,
  type TemplateRef,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { UNIT, upgrade } from '../support/story.ts'

const states = async (fleet: Fleet, template: string): Promise<readonly string[]> =>
  (await fleet.manager.templates.get(template)).versions.map(({ number, state }) => `${number} ${state}`)

const BASE = { template: 'new-base', hypervisor: 'main' } as const

async function baseImage(fleet: Fleet): Promise<string> {
  return await fleet.world.admin.addImage({ template: 'os', version: 1, files: { '/etc/release': 'os 1' } })
}

describe('createTemplate', () => {
  it('makes version 1 from an image: installed, set up, shut down, published, registered', async () => {
    await using fleet = await createFleet()
    const image = await baseImage(fleet)
    const { version } = await fleet.manager.execute(createTemplate, {
      ...BASE,
      from: { image },
      commands: [['touch', '/etc/installed']],
      note: 'first',
    })
    expect(version).toEqual({ template: 'new-base', version: 1 })
    const template = await fleet.manager.templates.get('new-base')
    expect(template).toMatchObject({ hypervisor: 'main', versions: [{ number: 1, state: 'active', note: 'first' }] })
    expect(template.versions[0]?.parent).toBeUndefined()
    const made = (await fleet.world.admin.images()).find(({ id }) => id === template.versions[0]?.image)
    expect(made).toMatchObject({ template: 'new-base', version: 1 })
    expect(
      (await fleet.world.admin.images()).map(({ id }) => id),
      'the image that it was made from stays',
    ).toContain(image)
    expect(await fleet.world.admin.machines()).toEqual([])
    const patched = await fleet.manager.execute(patchTemplate, {
      template: 'new-base',
      commands: [['cp', '/etc/installed', '/etc/still-installed']],
    })
    expect(patched.version.version, 'it can be patched').toBe(2)
  })

  it('turns a machine that exists into version 1', async () => {
    await using fleet = await createFleet()
    const image = await baseImage(fleet)
    const machine = await fleet.world.admin.addMachine({
      name: 'golden',
      image,
      addresses: ['10.0.0.5'],
      power: 'on',
    })
    await fleet.manager.execute(createTemplate, { ...BASE, from: { machine }, commands: [['touch', '/etc/set-up']] })
    expect(await states(fleet, 'new-base')).toEqual(['1 active'])
    expect(await fleet.world.admin.machines(), 'it is consumed').toEqual([])
  })

  it('leaves nothing behind when a command fails, and gives a machine that existed back', async () => {
    await using fleet = await createFleet()
    const image = await baseImage(fleet)
    const machine = await fleet.world.admin.addMachine({ name: 'golden', image, addresses: ['10.0.0.5'], power: 'on' })
    const images = await fleet.world.admin.images()
    for (const from of [{ image }, { machine }]) {
      const input = { ...BASE, from, commands: [['false']] as const }
      expect((await refusal(fleet.manager.execute(createTemplate, input))).code).toBe('ERR_RUN_FAILED')
      expect(await fleet.world.admin.images()).toEqual(images)
      expect(await fleet.world.admin.machines()).toMatchObject([{ id: machine, power: 'on', marker: undefined }])
      expect((await fleet.manager.templates.list()).map(({ name }) => name)).not.toContain('new-base')
    }
  })

  it('refuses a name that is taken and a hypervisor that nobody knows', async () => {
    await using fleet = await createFleet()
    const from = { image: await baseImage(fleet) }
    await expectRefused(fleet, 'ERR_ALREADY_EXISTS', () =>
      fleet.manager.execute(createTemplate, { ...BASE, template: 'web-base', from }),
    )
    await expectRefused(fleet, 'ERR_NOT_CONFIGURED', () =>
      fleet.manager.execute(createTemplate, { ...BASE, hypervisor: 'other', from }),
    )
  })

  it('fails, and changes nothing, for a machine that is not there or somebody else owns', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    const before = await fleet.world.admin.machines()
    for (const machine of ['vm-none', before[0]?.id ?? '']) {
      const work = fleet.manager.execute(createTemplate, { ...BASE, from: { machine } })
      expect((await refusal(work)).code).toBe('ERR_RUN_FAILED')
    }
    expect(await fleet.world.admin.machines()).toEqual(before)
  })
})

/** Publishes from the first version again, so that no image descends from another but that one. */
async function sibling(fleet: Fleet): Promise<string> {
  return await fleet.world.admin.addImage({ template: 'solo', version: 1, files: { '/etc/release': 'solo' } })
}

describe('retireTemplate', () => {
  it('removes what no server is made from and nothing descends from; the rest is kept', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    for (let count = 0; count < 2; count += 1) await upgrade(fleet)
    const broken = [['touch', '/etc/application.broken']] as const
    await fleet.manager.execute(patchTemplate, { template: 'web-base', commands: broken, previous: 'keep' })
    await fleet.manager.execute(retireTemplate, { template: 'web-base', versions: [4], to: 'deprecated' })
    const version = { template: 'web-base', version: 3 }
    await fleet.manager.execute(applyTemplate, { unit: UNIT, template: version, allowOutage: true })
    const unused = { template: 'web-base', versions: 'unused', to: 'removed' } as const
    const result = await fleet.manager.execute(retireTemplate, unused)
    expect(await states(fleet, 'web-base')).toEqual(['1 revoked', '2 revoked', '3 active', '4 removed'])
    expect(result).toMatchObject({ versions: [4], kept: [2, 1] })
    expect(exitClass(result)).toBe(1)
    const images = (await fleet.world.admin.images()).filter(({ template }) => template === 'web-base')
    expect(images.map((image) => image.version)).toEqual([1, 2, 3])
  })

  it('removes a whole chain, descendants first; numbers are never used again', async () => {
    await using fleet = await createFleet()
    await fleet.manager.templates.register({ name: 'solo', hypervisor: 'main', image: await sibling(fleet) })
    await upgrade(fleet, 'solo')
    await upgrade(fleet, 'solo')
    const { versions } = await fleet.manager.execute(retireTemplate, {
      template: 'solo',
      versions: [1, 2, 3],
      to: 'removed',
    })
    expect(versions).toEqual([3, 2, 1])
    expect((await fleet.world.admin.images()).filter(({ template }) => template === 'solo')).toEqual([])
    const again = await fleet.manager.execute(retireTemplate, { template: 'solo', versions: 'unused', to: 'removed' })
    expect(again).toMatchObject({ versions: [], kept: [] })
    expect(again.warnings).toHaveLength(1)
  })

  it('revokes: no server is made from it any more, those that are stay', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await upgrade(fleet)
    await fleet.manager.execute(retireTemplate, { template: 'web-base', versions: [1], to: 'revoked' })
    expect(await states(fleet, 'web-base')).toEqual(['1 revoked', '2 active'])
    expect((await fleet.world.admin.machines()).every(({ serving }) => serving)).toBe(true)
    const template = { template: 'web-base', version: 1 }
    await expectRefused(fleet, 'ERR_WRONG_STATE', () =>
      fleet.manager.execute(applyTemplate, { unit: UNIT, template, allowOutage: true }),
    )
  })

  it('refuses what is needed, unknown or gone', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await upgrade(fleet)
    const retire =
      (versions: readonly number[], to: 'revoked' | 'removed', template = 'web-base') =>
      () =>
        fleet.manager.execute(retireTemplate, { template, versions, to })
    const needed = await expectRefused(fleet, 'ERR_WRONG_STATE', retire([1], 'removed'))
    expect(needed.message).toContain('192.168.1.101')
    await expectRefused(fleet, 'ERR_WRONG_STATE', retire([2], 'revoked'))
    await expectRefused(fleet, 'ERR_NOT_FOUND', retire([9], 'revoked'))
    await expectRefused(fleet, 'ERR_NOT_FOUND', retire([1], 'revoked', 'nothing'))
    await fleet.manager.templates.register({ name: 'solo', hypervisor: 'main', image: await sibling(fleet) })
    await retire([1], 'removed', 'solo')()
    await expectRefused(fleet, 'ERR_WRONG_STATE', retire([1], 'revoked', 'solo'))
  })

  it('servers and tiers of units that somebody else owns count as well, and are not named', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await upgrade(fleet)
    const other = fleet.manager.as({ name: 'user_b', role: 'builder' })
    const retire = (versions: readonly number[], to: 'revoked' | 'removed') => () =>
      other.execute(retireTemplate, { template: 'web-base', versions, to })
    for (const work of [retire([1], 'removed'), retire([2], 'revoked')]) {
      const { message } = await expectRefused(fleet, 'ERR_WRONG_STATE', work)
      expect(message).not.toMatch(/192\.168|gyoumu/)
    }
    const unused = await other.execute(retireTemplate, { template: 'web-base', versions: 'unused', to: 'removed' })
    expect(unused.versions).toEqual([])
    expect(await states(fleet, 'web-base')).toEqual(['1 deprecated', '2 active'])
  })

  it('leaves the version revoked when the hypervisor does not answer', async () => {
    await using fleet = await createFleet()
    await fleet.manager.templates.register({ name: 'solo', hypervisor: 'main', image: await sibling(fleet) })
    const effect = { type: 'error', code: 'ERR_DRIVER' } as const
    await fleet.world.admin.faults([{ call: 'hypervisor.images.remove', effect }])
    const retire = () => fleet.manager.execute(retireTemplate, { template: 'solo', versions: [1], to: 'removed' })
    expect((await refusal(retire())).code).toBe('ERR_RUN_FAILED')
    expect(await states(fleet, 'solo')).toEqual(['1 revoked'])
    await fleet.world.admin.faults([])
    await retire()
    expect(await states(fleet, 'solo')).toEqual(['1 removed'])
  })

  it('leaves an image that is not ours to delete where it is, and says so', async () => {
    await using fleet = await createFleet()
    await fleet.manager.templates.register({ name: 'solo', hypervisor: 'main', image: await sibling(fleet) })
    const effect = { type: 'error', code: 'ERR_NOT_OWNED' } as const
    await fleet.world.admin.faults([{ call: 'hypervisor.images.remove', effect }])
    const { kept, warnings } = await fleet.manager.execute(retireTemplate, {
      template: 'solo',
      versions: [1],
      to: 'removed',
    })
    expect(kept).toEqual([1])
    expect(warnings).toHaveLength(1)
    expect(await states(fleet, 'solo')).toEqual(['1 revoked'])
  })
})

describe('a version that was revoked after the plan was made', () => {
  it.each([
    [
      'applyTemplate',
      (manager: Manager, template: TemplateRef) =>
        manager.plan(applyTemplate, { unit: UNIT, template, groups: ['vmgroup_1'] }),
    ],
    [
      'recoverServer',
      (manager: Manager, { version }: TemplateRef) =>
        manager.plan(recoverServer, { unit: UNIT, server: '192.168.1.101', by: 'replace', version }),
    ],
    [
      'scaleOut',
      (manager: Manager, template: TemplateRef) => {
        const servers = [{ tierId: 'combined', address: '192.168.1.110', port: 20580 }]
        return manager.plan(scaleOut, { unit: UNIT, groups: [{ name: 'vmgroup_4', servers }], template })
      },
    ],
  ] as const)('is not brought to servers: %s', async (_name, planned) => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const template = await upgrade(fleet)
    await upgrade(fleet)
    const plan = await planned(fleet.manager, template)
    await fleet.manager.execute(retireTemplate, { template: 'web-base', versions: [template.version], to: 'revoked' })
    const error = await expectRefused(fleet, 'ERR_PLAN_STALE', () => fleet.manager.start<unknown>(plan))
    expect(error.message).toContain('usableVersion')
  })
})
