import { describe, expect, it } from 'vitest'
import { createWorld, manualClock } from '../../../../src/testing/index.ts'
import { boot, reach, say, specOf } from './fleet.ts'

describe('machines', () => {
  it('carry what was patched into their image, and know their lineage', async () => {
    const world = createWorld()
    const { hypervisor, admin } = world
    const base = await admin.addImage({ template: 'web', files: { '/etc/motd': 'base' } })
    const work = specOf(base)
    const { machine, guest } = await boot(world, work)
    await guest.startJob('r1/patch#1', { argv: ['dnf', '-y', 'upgrade'] })
    await hypervisor.power({ id: machine.id, marker: work.marker }, 'shutdown')
    const as = { template: 'web', version: 2, operationId: 'r1/publish#1' }
    const patched = await hypervisor.images.publish({ id: machine.id, marker: work.marker }, as)

    const { id } = await hypervisor.create(specOf(patched, 1))
    expect(await admin.readFile(id, '/var/log/packages.log')).toBe('dnf -y upgrade\n')
    expect(await admin.readFile(id, '/etc/motd')).toBe('base')
    expect((await admin.machines()).map(({ lineage }) => lineage)).toEqual([[patched, base]])

    await admin.writeFile(id, '/etc/motd', 'own')
    const sibling = await hypervisor.create(specOf(patched, 2))
    expect(await admin.readFile(sibling.id, '/etc/motd')).toBe('base')
    await expect(hypervisor.images.remove(base)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
  })

  it('are made once when the answer is lost and when two ask at once', async () => {
    const { hypervisor, admin } = createWorld()
    const spec = specOf(await admin.addImage({}))
    await admin.faults([{ call: 'hypervisor.create', times: 1, effect: { type: 'lostAnswer' } }])
    await expect(hypervisor.create(spec)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
    const [one, two] = await Promise.all([hypervisor.create(spec), hypervisor.create(spec)])
    expect(one).toEqual(two)
    expect(await admin.machines()).toHaveLength(1)
    const calls = (await admin.log()).filter((event) => event.type === 'call' && event.call === 'hypervisor.create')
    expect(calls).toMatchObject([{ outcome: 'ok', lost: true }, { outcome: 'ok' }, { outcome: 'ok' }])
  })

  it('hide their marker while they are being created', async () => {
    const clock = manualClock()
    for (const hideMarkerWhileCreating of [undefined, false]) {
      const { hypervisor, admin } = createWorld({ clock, latencyMs: { create: 1000 }, hideMarkerWhileCreating })
      const spec = specOf(await admin.addImage({}))
      const creation = hypervisor.create(spec)
      await clock.advance(500)
      const joined = hypervisor.create(spec)
      await clock.advance(499)
      expect((await hypervisor.created(spec)).state).toBe('busy')
      const { machines } = await hypervisor.inventory({ unit: 'another' })
      expect(machines.map(({ marker }) => marker)).toEqual(hideMarkerWhileCreating === false ? [] : ['unreadable'])
      await clock.advance(1)
      expect(await joined).toEqual(await creation)
      expect((await creation).marker).toEqual(spec.marker)
    }
  })

  it('do not become ours by a copied marker', async () => {
    const { hypervisor, admin } = createWorld()
    const spec = specOf(await admin.addImage({}))
    const { id } = await hypervisor.create(spec)
    const copy = await admin.cloneMachine(id, { name: 'copy' })
    const { machines } = await hypervisor.inventory({ ids: [copy] })
    expect(machines).toMatchObject([{ marker: 'none' }])
    expect((await admin.machines())[1]).toMatchObject({ marker: undefined, copiedMarker: spec.marker })
    await expect(hypervisor.remove({ id: copy, marker: spec.marker })).rejects.toMatchObject({ code: 'ERR_NOT_OWNED' })
  })

  it('cannot share an address while both are on', async () => {
    const { hypervisor, admin } = createWorld()
    const image = await admin.addImage({})
    const first = await admin.addMachine({ name: 'a', image, addresses: ['10.0.0.9'], power: 'on' })
    const second = await admin.addMachine({ name: 'b', image, addresses: ['10.0.0.9'] })
    const marker = { manager: 'm', unit: 'shop', slot: 'g/web/0', operationId: 'r1/adopt#1' }
    await hypervisor.adopt(second, marker)
    await expect(hypervisor.power({ id: second, marker }, 'on')).rejects.toMatchObject({
      code: 'ERR_CONFLICT',
      message: expect.stringContaining('10.0.0.9'),
    })
    await admin.setPower(first, 'off')
    await hypervisor.power({ id: second, marker }, 'on')
    await expect(admin.setPower(first, 'on')).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
  })

  it('are neither listed nor changed while their host does not answer', async () => {
    const { hypervisor, admin } = createWorld()
    const image = await admin.addImage({})
    const spec = { ...specOf(image), placement: { failureDomain: 'host-7' } }
    const { id } = await hypervisor.create(spec)
    await admin.blind(['host-7'])
    expect(await hypervisor.inventory({})).toEqual({ machines: [], blind: ['host-7'] })
    expect((await hypervisor.created(spec)).state).toBe('unknown')
    await expect(hypervisor.remove({ id, marker: spec.marker })).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    await admin.blind([])
    await admin.setMarkerReadable(id, false)
    expect((await hypervisor.created(spec)).state).toBe('unknown')
    await expect(hypervisor.remove({ id, marker: spec.marker })).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    await admin.setMarkerReadable(id, true)
    await hypervisor.remove({ id, marker: spec.marker })
    expect(await admin.machines()).toEqual([])
  })

  it('finish what was begun although the caller gave up', async () => {
    const clock = manualClock()
    const { hypervisor, admin } = createWorld({ clock, latencyMs: { create: 1000 } })
    const spec = specOf(await admin.addImage({}))
    const stop = new AbortController()
    const creation = hypervisor.create(spec, { signal: stop.signal })
    const outcome = expect(creation).rejects.toBe('enough')
    stop.abort('enough')
    await outcome
    await clock.advance(1000)
    expect((await hypervisor.created(spec)).state).toBe('done')
    expect(await admin.log()).toContainEqual(
      expect.objectContaining({ type: 'call', call: 'hypervisor.create', outcome: 'ok' }),
    )
  })

  it('prove their own host key, and get another boot id at each boot', async () => {
    const world = createWorld()
    const { admin, guests } = world
    const image = await admin.addImage({})
    const one = await boot(world, specOf(image, 0))
    const two = await boot(world, specOf(image, 1))
    const wrong = { address: two.machine.addresses[0] ?? '', hostKeys: one.machine.hostKeys ?? [] }
    await expect(guests.open(wrong)).rejects.toMatchObject({ code: 'ERR_HOST_KEY', retryable: false })
    const before = await one.guest.bootId()
    await admin.setPower(one.machine.id, 'off')
    await expect(one.guest.bootId()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
    await admin.setPower(one.machine.id, 'on')
    expect(await one.guest.bootId()).not.toBe(before)
    expect(await say((await reach(world, one.machine.id)).guest, 'hostname')).toBe('web-0\n')
  })

  it('are refused by ports that were closed, and by those only', async () => {
    const world = createWorld()
    const { guest } = await boot(world, specOf(await world.admin.addImage({})))
    await world.guests.close()
    await expect(guest.bootId()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    const other = world.as('other')
    await world.as('third').close()
    expect((await other.hypervisor.inventory({})).machines).toHaveLength(1)
    await world.close()
    await expect(other.hypervisor.inventory({})).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    await expect(world.admin.machines()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })
})
