import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call, ErrorCode, HypervisorDriver, ImageCatalog, Machine, Marker, OwnedMachine } from '@vmunit/core'
import { isVmunitError, type PublishedImage, sameMarker, VmunitError } from '@vmunit/core'
import { type Box, type BoxYard, YardError, type YardProblem } from './box-yard.ts'

/** What each "no" of the yard means for vmunit. */
const CODES: Readonly<Record<YardProblem, ErrorCode>> = {
  idTaken: 'ERR_ALREADY_EXISTS',
  nameTaken: 'ERR_CONFLICT',
  noSuchBox: 'ERR_NOT_FOUND',
  noSuchImage: 'ERR_NOT_FOUND',
  imageInUse: 'ERR_CONFLICT',
  boxNotOff: 'ERR_WRONG_STATE',
  noAnswer: 'ERR_UNAVAILABLE',
}

/** Drives a yard of boxes. The yard stays open when the driver is closed. */
export function createYardDriver(yard: BoxYard): HypervisorDriver {
  let isClosed = false

  /** Every request goes through here: refused, given up, or answered in the words of vmunit. */
  async function ask<T>(call: Call = {}, request: () => Promise<T>, isChange = false): Promise<T> {
    if (isClosed) throw new VmunitError('ERR_CLOSED', 'This driver is closed. Make a new one.')
    call.signal?.throwIfAborted()
    try {
      // What changes something asks for permission as the last thing before it leaves.
      if (isChange) call.permit?.()
      return await request()
    } catch (error) {
      if (!(error instanceof YardError)) throw error
      // Only what may pass by itself is tried again.
      const options = { cause: error, retryable: error.problem === 'noAnswer' }
      throw new VmunitError(CODES[error.problem], `The yard says ${error.message}. Look there, then repeat.`, options)
    }
  }

  const change = async <T>(call: Call | undefined, request: () => Promise<T>): Promise<T> =>
    await ask(call, request, true)
  const boxAt = async (id: string, call?: Call): Promise<Box | undefined> =>
    (await ask(call, () => yard.boxes())).find((box) => box.id === id)

  /** Whose a box is, is read again before each change. Undefined: it is gone. */
  async function ownBox({ id, marker }: OwnedMachine, call?: Call): Promise<Box | undefined> {
    const box = await boxAt(id, call)
    if (box === undefined || sameMarker(markerOf(box), marker)) return box
    const message = `Box ${box.name} does not bear the marker of ${marker.operationId}. Look whose it is.`
    throw new VmunitError('ERR_NOT_OWNED', message, { details: { machine: id, found: markerOf(box) } })
  }

  const images: ImageCatalog = {
    async list(template, call) {
      const all = (await ask(call, () => yard.images())).flatMap(({ name, labels }): readonly PublishedImage[] =>
        labels['vmunit'] === undefined ? [] : [{ ...JSON.parse(labels['vmunit']), image: name }],
      )
      return all.filter((image) => image.template === template).toSorted((a, b) => a.version - b.version)
    },
    async published({ template, operationId }, call) {
      const image = (await images.list(template, call)).find((one) => one.operationId === operationId)
      return image === undefined ? { state: 'absent' } : { state: 'done', value: image.image }
    },
    async publish(machine, as, call) {
      const known = await images.published(as, call)
      if (known.state === 'done') return known.value
      await ownBox(machine, call)
      const name = `${as.template}:${as.version}`
      await change(call, () => yard.seal(machine.id, { name, labels: { vmunit: JSON.stringify(as) } }))
      return name
    },
    remove: (image, call) => change(call, () => yard.discard(image)).catch(instead('ERR_NOT_FOUND', undefined)),
  }

  const driver: HypervisorDriver = {
    kind: 'box yard',
    images,
    async inventory({ unit, ids }, call) {
      const boxes = await ask(call, () => yard.boxes()).catch(instead('ERR_UNAVAILABLE', 'silent'))
      // Nobody knows what is there: that is not the same as nothing.
      if (boxes === 'silent') return { machines: [], blind: ['the yard'] }
      const isOfUnit = ({ marker }: Machine): boolean => typeof marker === 'object' && marker.unit === unit
      const isWanted = (one: Machine): boolean => ids?.includes(one.id) ?? (unit === undefined || isOfUnit(one))
      return { machines: boxes.map(machineOf).filter(isWanted), blind: [] }
    },
    async created({ marker }, call) {
      // The name proves nothing: what this operation built has the id that is made from the operation.
      const box = await ownBox({ id: idFor(marker), marker }, call).catch(instead('ERR_UNAVAILABLE', 'silent'))
      if (box === 'silent') return { state: 'unknown', detail: 'the yard does not answer' }
      if (box?.state === 'building') return { state: 'busy', detail: `${box.name} is being built` }
      return box === undefined ? { state: 'absent' } : { state: 'done', value: machineOf(box) }
    },
    async create(spec, call) {
      const { marker, name, image } = spec
      const id = idFor(marker)
      const addresses = spec.networks.flatMap(({ address }) => address ?? [])
      const box = { id, name, image, addresses, labels: { vmunit: labelFor(id, marker) } }
      // The id is taken when this operation has asked before, perhaps in a process that died: its box is waited for.
      await change(call, () => yard.build(box)).catch(instead('ERR_ALREADY_EXISTS', undefined))
      for (;;) {
        const seen = await driver.created(spec, call)
        if (seen.state === 'done') return seen.value
        if (seen.state !== 'busy') throw new VmunitError('ERR_UNAVAILABLE', `${name} is lost.`, { retryable: true })
        await sleep(5, undefined, { signal: call?.signal }).catch(() => call?.signal?.throwIfAborted())
      }
    },
    async adopt(id, marker, call) {
      if (markerOf(await boxAt(id, call)) !== 'none') await ownBox({ id, marker }, call)
      return machineOf(await change(call, () => yard.label(id, 'vmunit', labelFor(id, marker))))
    },
    async release({ id, marker }, call) {
      if (markerOf(await boxAt(id, call)) === 'none') return
      await ownBox({ id, marker }, call)
      await change(call, () => yard.label(id, 'vmunit', undefined))
    },
    async power(machine, to, call) {
      await ownBox(machine, call)
      await change(call, () => yard.turn(machine.id, to === 'on' ? 'on' : 'off'))
    },
    async remove(machine, call) {
      if ((await ownBox(machine, call)) !== undefined) await change(call, () => yard.scrap(machine.id))
    },
    close: async () => void (isClosed = true),
    [Symbol.asyncDispose]: () => driver.close(),
  }
  return driver
}

const idFor = ({ operationId }: Marker): string => createHash('sha256').update(operationId).digest('hex').slice(0, 12)

/** The marker as a label. It names its box, so that a copy of the box does not bear it. */
const labelFor = (id: string, { manager, unit, slot, operationId }: Marker): string =>
  [id, manager, unit, slot, operationId].join('\n')

function markerOf(box: Box | undefined): Marker | 'none' {
  const [id, manager = '', unit = '', slot = '', operationId = ''] = box?.labels['vmunit']?.split('\n') ?? []
  return id !== undefined && id === box?.id ? { manager, unit, slot, operationId } : 'none'
}

function machineOf(box: Box): Machine {
  const { id, name, image, state, addresses } = box
  return { id, name, image, addresses, power: state === 'building' ? 'unknown' : state, marker: markerOf(box) }
}

/** What a request comes to when it is refused for this reason. */
const instead =
  <const T>(code: ErrorCode, value: T) =>
  (error: unknown): T => {
    if (isVmunitError(error, code)) return value
    throw error
  }
