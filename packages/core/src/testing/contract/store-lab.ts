import type { StateStore } from '../../ports/index.ts'
import type { ContractRule, Lab } from './contract-rule.ts'

/** A record that a store loses: a document, a journal from a record on, or a blob. */
export type LostRecord =
  | { readonly key: string }
  | { readonly run: string; readonly from: number }
  | { readonly hash: string }

/** An empty store, and the hands of a person who may do everything to it. */
export interface StoreLab extends Lab {
  /** Opens the store: the same one each time, as another process does. Handles still open are closed with the lab. */
  open(): Promise<StateStore>
  /** Resolves when the present lease of this key has expired without its holder knowing: as when its process was stopped. */
  expireLease(key: string): Promise<void>
  /** Changes one bit of the data of a journal record. */
  damageRecord(run: string, seq: number): Promise<void>
  /** Changes one bit of the value of a document. */
  damageDocument(key: string): Promise<void>
  /** Changes one bit of the bytes of a blob. */
  damageBlob(hash: string): Promise<void>
  /** Takes records away, as damage does: without the store's knowledge. What it resolves to puts them back. */
  lose(record: LostRecord): Promise<() => Promise<void>>
}

/** A rule of the contract of state stores. */
export type StoreRule = ContractRule<StoreLab>
