import { sha256 } from '../internal/sha256.ts'

/** What a journal record is made of; `data` is canonical JSON, null when there is none. */
export interface RecordContent {
  readonly run: string
  readonly seq: number
  readonly time: number
  readonly type: string
  readonly data: string | null
}

/** What stands for the predecessor of the first record of a run. */
export function firstPredecessor(run: string): string {
  return sha256(run)
}

/** Chains a record to its predecessor: SHA-256 over the predecessor's checksum and the record as canonical JSON. */
export function recordChecksum(predecessor: string, { run, seq, time, type, data }: RecordContent): string {
  const member = data === null ? '' : `"data":${data},`
  return sha256(
    `${predecessor}{${member}"run":${JSON.stringify(run)},"seq":${seq},"time":${time},"type":${JSON.stringify(type)}}`,
  )
}

/** Covers the key and the revision too, so that an old value or one of another key is noticed. `value` is canonical JSON. */
export function documentChecksum(key: string, revision: number, value: string): string {
  return sha256(`{"key":${JSON.stringify(key)},"revision":${revision},"value":${value}}`)
}
