import type { Vcenter } from '@vmunit/testbed'
import { type Id, returned, type SoapSession, typed } from './soap-session.ts'

/** One change as a watcher gets it; a property that became unset has no value. */
export interface SeenChange {
  readonly kind: string
  readonly object: string
  readonly name: string
  readonly value: string | undefined
}

export interface Watch extends AsyncDisposable {
  /** Waits for the next updates, all pages of them; empty when there was none within the seconds. */
  next(maxWaitSeconds?: number): Promise<readonly SeenChange[]>
  version(): string
  /** Asks again for what follows an earlier version. */
  from(version: string): void
}

function readChanges(xml: string): readonly SeenChange[] {
  return [...xml.matchAll(/<objectSet>([^]*?)<\/objectSet>/g)].flatMap(([, update = '']) => {
    const kind = /<kind>(\w+)</.exec(update)?.[1] ?? ''
    const object = /<obj [^>]*>([^<]*)</.exec(update)?.[1] ?? ''
    const changes = [...update.matchAll(/<changeSet>([^]*?)<\/changeSet>/g)].map(([, change = '']) => ({
      kind,
      object,
      name: /<name>([^<]*)</.exec(change)?.[1] ?? '',
      value: /<val[^>]*>([^]*)<\/val>/.exec(change)?.[1],
    }))
    return changes.length === 0 ? [{ kind, object, name: '', value: undefined }] : changes
  })
}

/** Watches all machines and the recent tasks, as a driver does. */
export async function watch(vcenter: Vcenter, session: SoapSession, paths: readonly string[]): Promise<Watch> {
  const collector = session.collector()
  const { folder } = vcenter.hands.places
  const list = (type: string, names: readonly string[]): string =>
    `<propSet><type>${type}</type>${names.map((name) => `<pathSet>${name}</pathSet>`).join('')}</propSet>`
  const machines = `<objectSet>${typed('obj', [folder.type, folder.value])}<skip>true</skip><selectSet xsi:type="TraversalSpec"><type>Folder</type><path>childEntity</path><skip>false</skip></selectSet></objectSet>`
  const tasks = `<objectSet>${typed('obj', ['TaskManager', 'TaskManager'])}<skip>true</skip><selectSet xsi:type="TraversalSpec"><type>TaskManager</type><path>recentTask</path><skip>false</skip></selectSet></objectSet>`
  const spec = `<spec>${list('VirtualMachine', paths)}${list('Task', ['info.state', 'info.result', 'info.error'])}${machines}${tasks}</spec><partialUpdates>true</partialUpdates>`
  const filter = returned(await session.call('CreateFilter', collector, spec))
  let version = ''
  const next: Watch['next'] = async (maxWaitSeconds = 10) => {
    const options = `<options><maxWaitSeconds>${maxWaitSeconds}</maxWaitSeconds></options>`
    const xml = await session.call('WaitForUpdatesEx', collector, `<version>${version}</version>${options}`)
    version = /<version>([^<]*)</.exec(xml)?.[1] ?? version
    const changes = readChanges(xml)
    return xml.includes('<truncated>true<') ? [...changes, ...(await next(maxWaitSeconds))] : changes
  }
  return {
    version: () => version,
    from: (earlier) => {
      version = earlier
    },
    next,
    [Symbol.asyncDispose]: async () => {
      await session.call('DestroyPropertyFilter', ['PropertyFilter', filter])
    },
  }
}

/** Waits until a watcher has seen a change, and answers with all it saw on the way. */
export async function seen(watcher: Watch, matches: (change: SeenChange) => boolean): Promise<readonly SeenChange[]> {
  const all: SeenChange[] = []
  while (!all.some(matches)) all.push(...(await watcher.next()))
  return all
}

export const vm = (id: string): Id => ['VirtualMachine', id]
