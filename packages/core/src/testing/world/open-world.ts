import { VmunitError } from '../../errors/vmunit-error.ts'
import { addressPort } from './address-port.ts'
import { adminPort } from './admin-port.ts'
import { askAs, type Backend, closable } from './ask.ts'
import { balancerPort } from './balancer-port.ts'
import { guestPort } from './guest-port.ts'
import { hypervisorPort } from './hypervisor-port.ts'
import type { World } from './world.ts'

/** Gives a backend the shape that everybody works with. */
export function openWorld(backend: Backend, caller: string): World {
  let closed = false
  const shared: Backend = {
    ...backend,
    async send(request, call) {
      if (closed) throw new VmunitError('ERR_CLOSED', 'This world was closed: connect to it again.')
      return await backend.send(request, call)
    },
  }
  return withPorts(shared, caller, async () => {
    closed = true
    await backend.close()
  })
}

function withPorts(backend: Backend, caller: string, closeBackend: () => Promise<void>): World {
  const whole = closable(askAs(backend, caller), 'world')
  const close = async (): Promise<void> => {
    await whole.close()
    await closeBackend()
  }
  return {
    hypervisor: hypervisorPort(closable(whole.ask, 'hypervisor'), backend.limits),
    guests: guestPort(closable(whole.ask, 'guest access')),
    balancer: balancerPort(closable(whole.ask, 'load balancer')),
    addresses: addressPort(whole.ask),
    admin: adminPort(whole.ask),
    // The connection belongs to the world that was opened first.
    as: (other) => withPorts(backend, other, async () => {}),
    async stop() {
      await backend.stop()
      await close()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
