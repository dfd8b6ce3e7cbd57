import type { GuestAccess, GuestTarget } from '../../ports/index.ts'
import type { ContractRule, Lab } from './contract-rule.ts'

/** A program and its arguments, as {@link Command.argv}. */
export type LabArgv = readonly [string, ...string[]]

/** Programs that the rules run in a guest; each as an argv that works there. */
export interface GuestCommands {
  /** Ends with exit code 0 and says nothing. */
  readonly succeed: LabArgv
  /** Ends with this exit code, which is not 0. */
  readonly fail: { readonly argv: LabArgv; readonly exitCode: number }
  /** Writes its arguments to standard output, with one blank between them and a line feed at the end. */
  print(...words: readonly string[]): LabArgv
  /** Writes the value of an environment variable to standard output, with a line feed. */
  printEnvironment(name: string): LabArgv
  /** Writes the bytes of a file to standard output; of a missing one, a message to standard error and exit code not 0. */
  readFile(path: string): LabArgv
  /** Makes a file that is there hold this line instead of what it held, in its place. */
  overwriteFile(path: string, line: string): LabArgv
  sleep(ms: number): LabArgv
  /** Waits, then leaves one mark more in the guest. May put a script there first. */
  leaveMark(afterMs: number): Promise<LabArgv>
  /** Writes one line for every mark. Before the first mark any exit code will do. */
  readonly listMarks: LabArgv
  /** A script that is run as a program: it writes the word `ran` and a line feed. */
  readonly script: string
}

/** Two running guests, an access to them, and the hands of a person who may do everything there. */
export interface GuestLab extends Lab {
  readonly access: GuestAccess
  /** Another access to the same guests, as a process has after a crash of the first. Closed with the lab. */
  reopen(): Promise<GuestAccess>
  /** Where the guest is that the rules change. */
  readonly target: GuestTarget
  /** Where another guest is, with a host key of its own. */
  readonly secondTarget: GuestTarget
  /** An absolute path in the guest under which the rules may put anything; nothing is there yet. */
  readonly scratch: string
  readonly commands: GuestCommands
  /** Boots the guest anew, without asking it. Resolves when it can be opened again. */
  reboot(): Promise<void>
  /** Cuts the guest off: its connections break, new ones fail. What runs in it goes on. */
  unplug(): Promise<void>
  replug(): Promise<void>
}

/** A rule of the contract of guest accesses. */
export type GuestRule = ContractRule<GuestLab>
