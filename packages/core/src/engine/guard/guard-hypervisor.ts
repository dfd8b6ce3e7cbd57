import type { Plain } from '../../domain/plain.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Call, HypervisorDriver, ImageCatalog, LimitedAction, OwnedMachine } from '../../ports/index.ts'
import type { Limiter } from '../limiter.ts'
import type { Guard } from './guard.ts'

interface Limited {
  readonly action: LimitedAction
  readonly placement?: Plain
  readonly call?: Call | undefined
}

/** The engine's face of a hypervisor: guarded, limited, and only for machines of this manager. */
export function guardHypervisor(driver: HypervisorDriver, guard: Guard, limiter: Limiter): HypervisorDriver {
  const { look, mutate } = guard

  function limited<T>({ action, placement = null, call }: Limited, work: (options: Call) => Promise<T>): Promise<T> {
    const costs = driver.limits?.cost(action, placement) ?? []
    const guarded = (): Promise<T> => {
      call?.waitingFor?.(`the hypervisor to carry out "${action}"`)
      return mutate(`hypervisor.${action}`, work, call)
    }
    if (costs.length === 0) return guarded()
    call?.waitingFor?.(`room for "${action}" within the limits of the hypervisor`)
    return limiter.run(costs, guarded, call)
  }
  function own(machine: OwnedMachine): OwnedMachine {
    if (machine.marker.manager !== guard.manager) {
      throw new VmunitError('ERR_NOT_OWNED', `Machine ${machine.id} belongs to manager ${machine.marker.manager}.`, {
        details: { machine: machine.id },
      })
    }
    return machine
  }

  const { readdress, snapshots, diagnostics } = driver
  const images: ImageCatalog = {
    list: (template, call) => look('images.list', () => driver.images.list(template, call)),
    published: (as, call) => look('images.published', () => driver.images.published(as, call)),
    publish: (machine, as, call) =>
      limited({ action: 'publish', call }, (permitted) => driver.images.publish(own(machine), as, permitted)),
    remove: (image, call) => mutate('images.remove', (permitted) => driver.images.remove(image, permitted), call),
  }
  return {
    kind: driver.kind,
    images,
    inventory: (scope, call) => look('hypervisor.inventory', () => driver.inventory(scope, call)),
    created: (spec, call) => look('hypervisor.created', () => driver.created(spec, call)),
    create: (spec, call) =>
      limited({ action: 'create', placement: spec.placement, call }, (permitted) => driver.create(spec, permitted)),
    adopt: (id, marker, call) => mutate('hypervisor.adopt', (permitted) => driver.adopt(id, marker, permitted), call),
    release: (machine, call) =>
      mutate('hypervisor.release', (permitted) => driver.release(own(machine), permitted), call),
    power: (machine, to, call) =>
      limited({ action: 'power', call }, (permitted) => driver.power(own(machine), to, permitted)),
    remove: (machine, call) =>
      limited({ action: 'remove', call }, (permitted) => driver.remove(own(machine), permitted)),
    changes: driver.changes,
    readdress: readdress && {
      set: (machine, networks, call) =>
        mutate('hypervisor.readdress', (permitted) => readdress.set(own(machine), networks, permitted), call),
    },
    snapshots: snapshots && {
      create: (machine, id, call) =>
        mutate('snapshots.create', (permitted) => snapshots.create(own(machine), id, permitted), call),
      revert: (machine, snapshot, call) =>
        mutate('snapshots.revert', (permitted) => snapshots.revert(own(machine), snapshot, permitted), call),
    },
    limits: driver.limits,
    diagnostics,
    // The driver belongs to whoever created it; a run never closes it.
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}
