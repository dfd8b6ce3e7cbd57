import type { Call, Machine } from '@vmunit/core'
import { isVmunitError } from '../errors.ts'
import { faultOf } from '../faults/fault-error.ts'
import { pause } from '../internal/pause.ts'
import { FOLDER_PROPERTIES, wholeTree } from '../properties/tree.ts'
import type { Session } from '../session/session.ts'
import { type Collector, createCollector } from '../updates/collector.ts'
import type { Fleet } from './fleet.ts'
import { machineOf } from './machine-of.ts'

const WATCHED: readonly string[] = ['name', 'runtime.powerState', 'runtime.connectionState', 'guest.ipAddress']
const WAIT_SECONDS = 10
const RETRY_MS = 1_000

/** Makes what tells of machines: first of each as it is, then of each that changed, as it is after the change. */
export function createWatch(session: Session, fleet: Fleet): (call: Call) => AsyncGenerator<Machine, void> {
  async function open(signal: AbortSignal): Promise<Collector> {
    const { rootFolder } = await session.content(signal)
    const properties = [{ type: 'VirtualMachine', paths: WATCHED }, FOLDER_PROPERTIES]
    return await createCollector(session, { properties, objects: [wholeTree(rootFolder)] }, signal)
  }

  async function changed(collector: Collector, signal: AbortSignal): Promise<readonly Machine[]> {
    const set = await collector.next(WAIT_SECONDS, signal)
    const updates = set?.updates.filter(
      ({ reference, kind }) => reference.type === 'VirtualMachine' && kind !== 'leave',
    )
    const ids = new Set(updates?.map(({ reference }) => reference.id))
    const found = await fleet.read([...ids], { signal })
    return found.filter(({ config }) => config?.isTemplate !== true).map(machineOf)
  }

  return async function* watch(call) {
    const signal = call.signal ?? new AbortController().signal
    let collector: Collector | undefined
    try {
      for (;;) {
        let machines: readonly Machine[] = []
        try {
          collector ??= await open(signal)
          machines = await changed(collector, signal)
        } catch (error) {
          const isForgotten = faultOf(error, 'ManagedObjectNotFound', 'InvalidCollectorVersion') !== undefined
          if (signal.aborted || !(isForgotten || (isVmunitError(error) && error.retryable))) throw error
          // Begins anew, and then with each machine as it is: nothing is missed.
          await collector?.drop()
          collector = undefined
          await pause(RETRY_MS, signal)
        }
        yield* machines
      }
    } finally {
      await collector?.drop()
    }
  }
}
