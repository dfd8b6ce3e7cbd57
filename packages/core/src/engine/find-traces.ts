import { groupParser, templateParser, unitParser } from '../domain/parsers.ts'
import type { Plan } from '../domain/plan.ts'
import { hasEnded } from '../domain/run-state.ts'
import { isVmunitError } from '../errors/index.ts'
import type { Call, HypervisorDriver, Machine, StateStore } from '../ports/index.ts'
import { acceptedTraces } from './accepted-traces.ts'
import { unitsOf } from './claims.ts'
import { keys, runDocumentParser } from './documents.ts'
import type { EngineOptions } from './engine-options.ts'
import { loadRun } from './load-run.ts'
import { partsOfOperation } from './operation-id.ts'
import { knowsIntent, type Progress } from './progress.ts'

/** Something that an operation made, although no record says that it ever began. */
export interface Trace {
  readonly operationId: string
  /** Absent for an image. */
  readonly machine?: string | undefined
  readonly image?: string | undefined
  readonly slot?: string | undefined
}

export interface TraceSources extends Pick<EngineOptions, 'operations'> {
  readonly store: StateStore
  readonly manager: string
  readonly hypervisors: Readonly<Record<string, HypervisorDriver>>
}

/** The part of the world that a plan is about, as it is now. */
export interface Traces {
  readonly unknown: readonly Trace[]
  readonly machines: ReadonlyMap<string, Machine>
}

/**
 * Looks for what bears the operation id of an unknown intent: machines of the plan's units, machines that its
 * templates are patched in, and their images. Records were lost then, or an old copy of the store was put in place.
 *
 * A part of the world that does not answer hides traces, but never makes one.
 */
export async function findTraces(
  sources: TraceSources,
  { plan, progress }: { readonly plan: Plan; readonly progress?: Progress | undefined },
  call: Call = {},
): Promise<Traces> {
  const { store, manager } = sources
  const machines = new Map<string, Machine>()
  if (isAboutRecordsOnly(sources, plan)) return { unknown: [], machines }
  const found: Trace[] = []
  const bound = new Set<string>(await acceptedTraces(store, call))
  for (const place of await placesOf(sources, plan, call)) {
    for (const id of place.bound) bound.add(id)
    const { machines: listed } = await place.hypervisor.inventory({ unit: place.unit }, call)
    for (const machine of listed) {
      const { id, marker } = machine
      if (typeof marker === 'string' || marker.manager !== manager || marker.unit !== place.unit) continue
      machines.set(id, machine)
      const isConcerned = place.slots === undefined || marker.slot.startsWith(place.slots)
      if (isConcerned) found.push({ operationId: marker.operationId, machine: id, slot: marker.slot })
    }
    if (place.template === undefined) continue
    for (const { image, operationId } of await place.hypervisor.images.list(place.template, call)) {
      found.push({ operationId, image })
    }
  }
  const unknown: Trace[] = []
  for (const trace of found) {
    if (bound.has(trace.operationId) || bound.has(trace.image ?? '')) continue
    if (!(await isKnown(store, { operationId: trace.operationId, progress }, call))) unknown.push(trace)
  }
  return { unknown, machines }
}

/** A plan that changes records only leaves no traces, and is carried out while nothing answers. */
function isAboutRecordsOnly({ operations }: TraceSources, { operation: { name, version }, input }: Plan): boolean {
  const operation = operations.get(`${name}@${version}`)
  return operation?.scope?.(operation.input.parse(input)).onlyRecords === true
}

/** Where a plan may leave traces, and which of them the documents name. */
interface Place {
  readonly hypervisor: HypervisorDriver
  readonly unit: string
  /** Prefix of the slots that matter; absent: all. */
  readonly slots?: string
  readonly template?: string
  readonly bound: readonly string[]
}

async function placesOf({ store, hypervisors }: TraceSources, plan: Plan, call: Call): Promise<readonly Place[]> {
  const places: Place[] = []
  const units = unitsOf(plan)
  const templates = plan.claims.flatMap((claim) => {
    const [kind, name = ''] = claim.split('/')
    return kind === 'template' ? [name] : []
  })
  const unitDocuments = await store.get(units.map(keys.unit), call)
  for (const [index, unit] of units.entries()) {
    const document = unitDocuments[index]
    const hypervisor = document && hypervisors[unitParser.parse(document.value).hypervisor]
    if (hypervisor === undefined) continue
    places.push({ hypervisor, unit, bound: await boundIn(store, unit, call) })
  }
  const templateDocuments = await store.get(templates.map(keys.template), call)
  for (const [index, name] of templates.entries()) {
    const document = templateDocuments[index]
    const template = document && templateParser.parse(document.value)
    const bound = template?.versions.map(({ image }) => image) ?? []
    // Nobody knows yet where a template that is being made is made.
    const drivers = template === undefined ? Object.values(hypervisors) : [hypervisors[template.hypervisor]]
    for (const hypervisor of drivers.filter((driver) => driver !== undefined)) {
      places.push({ hypervisor, unit: '', slots: `template/${name}/`, template: name, bound })
    }
  }
  return places
}

async function boundIn(store: StateStore, unit: string, call: Call): Promise<readonly string[]> {
  const bound: string[] = []
  for await (const { value } of store.list(keys.groupsOf(unit), call)) {
    const { servers, quarantine } = groupParser.parse(value)
    const beside = servers.flatMap((server) => server.beside ?? [])
    const own = [...servers, ...quarantine].map(({ machine }) => machine)
    for (const machine of [...own, ...beside.flatMap(({ machines }) => machines)]) {
      if (machine?.operationId !== undefined) bound.push(machine.operationId)
    }
  }
  return bound
}

interface Question {
  readonly operationId: string
  readonly progress: Progress | undefined
}

async function isKnown(store: StateStore, { operationId, progress }: Question, call: Call): Promise<boolean> {
  const parts = partsOfOperation(operationId)
  // Written by a person or another program: no record of ours is missing.
  if (parts === undefined) return true
  if (parts.runId === progress?.runId) return knowsIntent(progress, parts)
  const [head] = await store.get([keys.run(parts.runId)], call)
  // A run that is not over answers for itself when it is moved.
  if (head !== undefined && !hasEnded(runDocumentParser.parse(head.value).state)) return true
  try {
    return knowsIntent(await loadRun(store, parts.runId, call), parts)
  } catch (error) {
    if (!isVmunitError(error, 'ERR_NOT_FOUND')) throw error
    return false
  }
}
