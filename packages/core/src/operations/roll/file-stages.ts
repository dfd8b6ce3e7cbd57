import { pushFiles } from '../steps/index.ts'
import { guestOf } from './member.ts'
import { draft, type Stage, type StepDraft } from './stage.ts'
import type { Placed } from './stages.ts'

export interface FilesAt {
  /** The name of the stage, and of its steps. */
  readonly verb: string
  /** Hash of a directory; null takes the files away again. */
  readonly files: string | null
  readonly path: string
}

/** Puts the files of a directory into the guests, or takes them away. */
export function filesStage(placed: readonly Placed[], { verb, files, path }: FilesAt): Stage {
  return { name: verb, lanes: placed.map((place) => [filesStep(place, { verb, files, path })]) }
}

/** Puts the files of a directory into one guest, or takes them away. */
export function filesStep({ member, machine, prefix }: Placed, { verb, files, path }: FilesAt): StepDraft {
  const id = `${member.server.slot}/${verb}`
  const input = { guest: guestOf(member, machine), files, path }
  return draft(pushFiles, { id: prefix === undefined ? id : `${prefix}:${id}`, server: member.server.slot, input })
}
