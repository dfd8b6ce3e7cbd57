import type { Clock } from '../../../ports/clock.ts'
import type { FileEntry, FileLayer } from '../files.ts'

/** What a program sees of the guest it runs in. */
export interface GuestSystem {
  readonly hostname: string
  readonly files: FileLayer
  readonly services: ReadonlySet<string>
  /** A file that can be put into the guest's file system. */
  file(content: string | Uint8Array, executable?: boolean): FileEntry
  setService(name: string, active: boolean): void
  reboot(): void
  powerOff(): void
}

/** A program at work. */
export interface ProgramCall {
  readonly system: GuestSystem
  /** The program's name first. */
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly clock: Clock
  /** Aborts when the process is ended. */
  readonly signal: AbortSignal
  out(text: string | Uint8Array): void
  err(text: string | Uint8Array): void
}

/** A program of a guest: answers with its exit code, at once where it can. */
export type Program = (call: ProgramCall) => number | Promise<number>

/** Programs by the name by which they are called. */
export type Programs = Readonly<Record<string, Program>>

/** Where a path leads: one that is not absolute begins in the directory that `cd` went to, or in the root. */
export function placeOf({ environment }: Pick<ProgramCall, 'environment'>, path: string): string {
  return path.startsWith('/') ? path : `${environment['PWD'] ?? ''}/${path}`
}
