import { describe, expect, it } from 'vitest'
import { createWorld, type World } from '../../../../src/testing/index.ts'
import { boot, specOf } from './fleet.ts'

async function flips(world: World): Promise<readonly boolean[]> {
  return (await world.admin.log()).flatMap((event) => (event.type === 'serving' ? [event.serving] : []))
}

describe('serving', () => {
  it('needs power, a service, and traffic from every pool', async () => {
    const world = createWorld()
    const { balancer } = world
    const spec = specOf(await world.admin.addImage({}))
    const { machine, guest } = await boot(world, spec)
    const { slot } = spec.marker
    const member = { slot, address: '10.0.0.1', port: 80 }
    expect(await flips(world)).toEqual([])
    await guest.exec({ argv: ['systemctl', 'start', 'app'] })
    await balancer.ensurePool({ name: 'web', port: 80 })
    await balancer.ensureMember('web', member)
    await balancer.traffic('web', slot, 'in')
    await balancer.traffic('web', slot, 'in')
    expect(await flips(world)).toEqual([true, false, true])
    await balancer.traffic('web', slot, 'drain')
    await balancer.removeMember('web', slot)
    expect(await flips(world)).toEqual([true, false, true, false, true])
    await world.admin.setPower(machine.id, 'off')
    await world.admin.setPower(machine.id, 'on')
    expect(await flips(world)).toEqual([true, false, true, false, true, false])
    expect(await world.admin.log()).toContainEqual(
      expect.objectContaining({ type: 'serving', unit: 'shop', slot, machine: machine.id, serving: true }),
    )
  })

  it('names no unit and no slot for a machine without a marker of its own', async () => {
    const world = createWorld()
    const spec = specOf(await world.admin.addImage({}))
    const { id } = await world.hypervisor.create(spec)
    const copy = await world.admin.cloneMachine(id, { name: 'copy' })
    await world.admin.setPower(copy, 'on')
    const { machines } = await world.hypervisor.inventory({ ids: [copy] })
    const guest = await world.guests.open({ address: '10.0.0.1', hostKeys: machines[0]?.hostKeys ?? [] })
    await guest.exec({ argv: ['systemctl', 'start', 'app'] })
    expect((await world.admin.log()).at(-2)).toMatchObject({ type: 'serving', unit: null, slot: null, machine: copy })
  })

  it('cuts connections when traffic is out', async () => {
    const { balancer, admin } = createWorld()
    await balancer.ensurePool({ name: 'web', port: 80 })
    await balancer.ensureMember('web', { slot: 'g/web/0', address: '10.0.0.1', port: 80 })
    await balancer.traffic('web', 'g/web/0', 'in')
    await admin.setConnections('web', 'g/web/0', 12)
    await balancer.traffic('web', 'g/web/0', 'drain')
    expect((await admin.pools())[0]?.members).toMatchObject([{ traffic: 'drain', connections: 12 }])
    await balancer.traffic('web', 'g/web/0', 'out')
    expect(await balancer.members('web')).toMatchObject([{ traffic: 'out', connections: 0 }])
  })
})
