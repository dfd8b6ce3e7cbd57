import type { OperationId } from '../../domain/marker.ts'
import { VmunitError } from '../../errors/vmunit-error.ts'
import type { ImageVersion, PublishedImage } from '../../ports/image-catalog.ts'
import type { OwnedMachine } from '../../ports/owned-machine.ts'
import type { Handlers } from './calls.ts'
import { type FileLayer, layerOver } from './files.ts'
import { dropMachine, machineOf, ownedMachine } from './machine-store.ts'
import { type ImageRecord, type MachineRecord, takeTime, type WorldState } from './state.ts'

type Methods = `hypervisor.images.${'list' | 'published' | 'publish' | 'remove'}`

/** The hypervisor's side of images. */
export function imageCalls(state: WorldState): Handlers<Methods> {
  const running = new Map<OperationId, Promise<string>>()

  async function finish(owned: OwnedMachine, as: ImageVersion): Promise<string> {
    await takeTime(state, 'publish')
    const machine = publishable(state, owned)
    const parent = machine.image
    const image = addImage(state, { parent, version: as, files: machine.files })
    dropMachine(state, machine)
    return image.id
  }

  return {
    'hypervisor.images.list': (template) => publishedOf(state, template),
    'hypervisor.images.published': ({ operationId }) => {
      if (running.has(operationId)) return { state: 'busy', detail: `${operationId} is being published` }
      const image = state.publications.get(operationId)
      return image === undefined ? { state: 'absent' } : { state: 'done', value: image }
    },
    'hypervisor.images.publish': async (owned, as) => {
      const { operationId } = as
      checkVersion(state, as)
      const known = running.get(operationId) ?? state.publications.get(operationId)
      if (known !== undefined) return await known
      publishable(state, owned)
      const version = versionKey(as)
      state.versions.set(version, operationId)
      const publication = finish(owned, as)
        .catch((error: unknown) => {
          state.versions.delete(version)
          throw error
        })
        .finally(() => running.delete(operationId))
      running.set(operationId, publication)
      return await publication
    },
    'hypervisor.images.remove': (id) => {
      const image = state.images.get(id)
      if (image === undefined) return
      if (image.users > 0) {
        const message = `Image ${id} has ${image.users} direct descendants: remove those machines and images first.`
        throw new VmunitError('ERR_CONFLICT', message, { details: { image: id, users: image.users } })
      }
      removeImage(state, image)
    },
  }
}

/** What a new image is made of. */
export interface NewImage {
  readonly parent: string | undefined
  readonly version: ImageVersion | undefined
  readonly files?: FileLayer | undefined
}

/** Adds an image, to the catalogue too when it is a version of a template. */
export function addImage(state: WorldState, { parent, version, files }: NewImage): ImageRecord {
  state.imageCount += 1
  const image: ImageRecord = {
    id: `image-${state.imageCount}`,
    parent,
    version,
    files: files ?? layerOver(undefined),
    users: 0,
  }
  state.images.set(image.id, image)
  const above = state.images.get(parent ?? '')
  if (above !== undefined) above.users += 1
  if (version !== undefined) {
    state.publications.set(version.operationId, image.id)
    state.versions.set(versionKey(version), version.operationId)
  }
  return image
}

/** `ERR_CONFLICT` when another operation published this version, or this operation another version. */
export function checkVersion(state: WorldState, as: ImageVersion): void {
  const publisher = state.versions.get(versionKey(as)) ?? as.operationId
  const own = state.images.get(state.publications.get(as.operationId) ?? '')?.version ?? as
  if (publisher === as.operationId && versionKey(own) === versionKey(as)) return
  const message = `${as.template} ${as.version} was published by ${publisher}: publish the next version.`
  throw new VmunitError('ERR_CONFLICT', message, { details: { ...as, publisher } })
}

function removeImage(state: WorldState, image: ImageRecord): void {
  state.images.delete(image.id)
  const parent = state.images.get(image.parent ?? '')
  if (parent !== undefined) parent.users -= 1
  if (image.version === undefined) return
  state.publications.delete(image.version.operationId)
  state.versions.delete(versionKey(image.version))
}

function publishedOf(state: WorldState, template: string): readonly PublishedImage[] {
  const found: PublishedImage[] = []
  for (const { id, version } of state.images.values()) {
    if (version?.template === template) found.push({ ...version, image: id })
  }
  return found.sort((a, b) => a.version - b.version)
}

function publishable(state: WorldState, owned: OwnedMachine): MachineRecord {
  const machine = ownedMachine(state, owned) ?? machineOf(state, owned.id)
  if (machine.power === 'off') return machine
  throw new VmunitError('ERR_WRONG_STATE', `Machine ${machine.id} is on: shut it down before it becomes an image.`)
}

function versionKey({ template, version }: ImageVersion): string {
  return `${template}:${version}`
}
