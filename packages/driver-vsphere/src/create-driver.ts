import type { InventoryScope, Machine, Observed } from '@vmunit/core'
import { createMaker } from './creation/create-machine.ts'
import { createHostWishes } from './creation/host-wishes.ts'
import { createObserver } from './creation/observe-creation.ts'
import { createPlaces } from './creation/places.ts'
import { createImageCatalog } from './images/image-catalog.ts'
import { createLimits } from './limits.ts'
import { createAdoption } from './machines/adopt.ts'
import { createDiagnostics } from './machines/diagnostics.ts'
import { createFleet } from './machines/fleet.ts'
import type { MachineFacts } from './machines/machine-facts.ts'
import { machineOf } from './machines/machine-of.ts'
import { createMachineReader } from './machines/machine-reader.ts'
import { createPower } from './machines/power.ts'
import { createReaddress } from './machines/readdress.ts'
import { createRemoval } from './machines/remove.ts'
import { createSnapshots } from './machines/snapshots.ts'
import { createWatch } from './machines/watch.ts'
import type { VsphereSettings } from './options.ts'
import type { Session } from './session/session.ts'
import { createPerform } from './tasks/perform.ts'
import { createUpdateStream } from './updates/update-stream.ts'
import type { VsphereDriver } from './vsphere-driver.ts'

/** Settings with what the driver cannot do without. */
export type DriverSettings = VsphereSettings & { readonly outageMs: number }

/** Puts the parts of the driver together, on an open session that it closes. */
export async function createVsphereDriver(session: Session, settings: DriverSettings): Promise<VsphereDriver> {
  const stream = createUpdateStream({ session, outageMs: settings.outageMs })
  const perform = createPerform(session, stream)
  const fleet = createFleet(session)
  const reader = createMachineReader(fleet)
  const places = createPlaces(session, settings)
  const wishes = createHostWishes(session)
  const observer = createObserver({ session, fleet, reader, places })
  const make = createMaker({ stream, perform, reader, places, wishes, observer, settings })
  const power = createPower({ session, stream, perform, reader })
  const adoption = createAdoption(perform, reader)
  const { instanceId = 'vsphere' } = await session.content()

  async function close(): Promise<void> {
    await stream.close()
    await session.close()
  }

  return {
    kind: 'vsphere',
    images: createImageCatalog({ session, perform, fleet, reader, runningClones: observer.runningClones }),
    async inventory(scope, call = {}) {
      const { machines, blind } = await (scope.ids === undefined ? fleet.all(call) : fleet.some(scope.ids, call))
      return { machines: machines.filter((facts) => isWanted(facts, scope)).map(machineOf), blind }
    },
    created: async (spec, { signal } = {}) =>
      observedMachine(await observer.observe(spec, { signal, operationId: spec.marker.operationId })),
    create: async (spec, call) => machineOf(await make(spec, call)),
    adopt: async (id, marker, call) => machineOf(await adoption.adopt(id, marker, call)),
    release: adoption.release,
    power,
    remove: createRemoval({ perform, reader, power }),
    changes: { watch: createWatch(session, fleet) },
    readdress: { set: createReaddress({ perform, reader, settings }) },
    snapshots: createSnapshots({ session, perform, reader }),
    limits: createLimits(instanceId, settings.limits, settings.placement),
    diagnostics: createDiagnostics(session, reader),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Templates are no machines. One whose marker cannot be read may belong to any unit, so it is never left out. */
function isWanted({ config }: MachineFacts, { unit }: InventoryScope): boolean {
  if (config === undefined) return true
  return !config.isTemplate && (unit === undefined || config.marker?.unit === unit)
}

function observedMachine(found: Observed<MachineFacts>): Observed<Machine> {
  return found.state === 'done' ? { state: 'done', value: machineOf(found.value) } : found
}
