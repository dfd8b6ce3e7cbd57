import type { HypervisorDriver } from '../../ports/hypervisor-driver.ts'
import type { ImageCatalog } from '../../ports/image-catalog.ts'
import type { Ask, Backend, ClosableAsk } from './ask.ts'

/** The hypervisor of a world as a driver. */
export function hypervisorPort(port: ClosableAsk, limits: Backend['limits']): HypervisorDriver {
  const { ask, close } = port
  const driver: HypervisorDriver = {
    kind: 'simulator',
    images: imageCatalog(ask),
    inventory: async (scope, call) => await ask('hypervisor.inventory', [scope], call),
    created: async (spec, call) => await ask('hypervisor.created', [spec], call),
    create: async (spec, call) => await ask('hypervisor.create', [spec], call),
    adopt: async (id, marker, call) => await ask('hypervisor.adopt', [id, marker], call),
    release: async (machine, call) => await ask('hypervisor.release', [machine], call),
    power: async (machine, to, call) => await ask('hypervisor.power', [machine, to], call),
    remove: async (machine, call) => await ask('hypervisor.remove', [machine], call),
    readdress: {
      set: async (machine, networks, call) => await ask('hypervisor.readdress', [machine, networks], call),
    },
    diagnostics: {
      collect: async function* (machine, call) {
        yield await ask('hypervisor.diagnostics', [machine], call)
      },
    },
    close,
    [Symbol.asyncDispose]: close,
  }
  return limits === undefined ? driver : { ...driver, limits: limitsFacet(limits) }
}

function limitsFacet(limits: { readonly create: number }): NonNullable<HypervisorDriver['limits']> {
  return {
    cost: (action) => (action === 'create' ? [{ resource: 'simulator', units: 1, capacity: limits.create }] : []),
  }
}

function imageCatalog(ask: Ask): ImageCatalog {
  return {
    list: async (template, call) => await ask('hypervisor.images.list', [template], call),
    published: async (as, call) => await ask('hypervisor.images.published', [as], call),
    publish: async (machine, as, call) => await ask('hypervisor.images.publish', [machine, as], call),
    remove: async (image, call) => await ask('hypervisor.images.remove', [image], call),
  }
}
