import type { Argv, GroupDeclaration, ManagementUnit, ManagerOptions, VirtualServer } from '@vmunit/core'

/** A machine as the resource manager makes it. */
export interface ProvidedMachine {
  readonly name: string
  readonly image: string
  readonly addresses: readonly string[]
}

/** The part of a run that evidence is about; milliseconds since 1970. */
export interface Period {
  readonly from: number
  readonly to: number
}

/** What really happened in a data centre: from its own records and from what an onlooker saw, never from ours. */
export interface Evidence {
  /** The least number of groups of a unit that served at any moment. */
  leastServing(unit: ManagementUnit): number
  /** The ids of the machines that the manager changed, or tried to. */
  readonly changed: ReadonlySet<string>
  /** The ids of the machines that bear no marker. */
  readonly strangers: readonly string[]
  /** The ids of the machines that bear one. */
  readonly marked: readonly string[]
  /** The template versions that a machine descends from, the newest first; undefined when there is no such machine. */
  lineageOf(machine: string): readonly string[] | undefined
}

/** Where the story takes place: a platform with guests and a load balancer, and people who work there. */
export interface DataCentre {
  /** For people: where this is. */
  readonly title: string
  /** What a manager is made of here. */
  readonly drivers: Pick<ManagerOptions, 'hypervisors' | 'balancers' | 'guests'>
  /** What patches the template here. */
  readonly patch: Argv
  /** Declared groups, with the addresses that their servers have here. */
  place(groups: readonly GroupDeclaration[]): readonly GroupDeclaration[]
  /** Makes the image of the first version of a template by hand, unless it is there. Resolves to its id. */
  provideImage(template: string): Promise<string>
  /** Makes a machine without marker and switches it on, unless one of that name is there. */
  provideMachine(machine: ProvidedMachine): Promise<void>
  /** From now on things take as long as on a busy day, so that a person can follow. */
  slowDown(pace: number): Promise<void>
  /** From now on an onlooker watches the services of these units. */
  beginWatching(units: readonly ManagementUnit[]): Promise<void>
  /** What the patch left in a server; undefined where it was never run. */
  patchIn(server: VirtualServer): Promise<string | undefined>
  evidence(period: Period): Promise<Evidence>
  close(options: { readonly keep: boolean }): Promise<void>
}
