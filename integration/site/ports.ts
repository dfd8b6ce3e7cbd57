import type { ManagerOptions } from '@vmunit/core'
import { connectWorld } from '@vmunit/core/testing'
import { createSshAccess } from '@vmunit/driver-ssh'
import { connectVsphere } from '@vmunit/driver-vsphere'

/** How a process reaches a site; plain JSON, so that it can be handed to a process that will be killed. */
export type SiteConnection = SimulatorConnection | TestbedConnection

export interface SimulatorConnection {
  readonly type: 'simulator'
  /** The socket of the world process. */
  readonly world: string
}

export interface TestbedConnection {
  readonly type: 'testbed'
  readonly vcenter: {
    readonly url: string
    readonly ca: string
    readonly username: string
    readonly password: string
  }
  readonly ssh: { readonly username: string; readonly privateKey: string; readonly port: number }
  /** The socket of the world process whose load balancer is used. */
  readonly world: string
}

/** What a manager is made of at a site. */
export interface SitePorts extends Pick<ManagerOptions, 'hypervisors' | 'balancers' | 'guests'>, AsyncDisposable {}

/** Opens the drivers of a site, as an embedding program does; who opens them closes them. */
export async function openPorts(connection: SiteConnection): Promise<SitePorts> {
  await using opened = new AsyncDisposableStack()
  const world = opened.adopt(await connectWorld(connection.world, { caller: 'manager' }), (each) => each.close())
  const edge = { edge: world.balancer }
  if (connection.type === 'simulator') {
    const rest = opened.move()
    return {
      hypervisors: { main: world.hypervisor },
      guests: world.guests,
      balancers: edge,
      [Symbol.asyncDispose]: async () => await rest.disposeAsync(),
    }
  }
  const { vcenter, ssh } = connection
  const hypervisor = opened.use(await connectVsphere(vcenter))
  const guests = opened.use(createSshAccess(ssh))
  const rest = opened.move()
  return {
    hypervisors: { main: hypervisor },
    guests,
    balancers: edge,
    [Symbol.asyncDispose]: async () => await rest.disposeAsync(),
  }
}
