import type { Marker } from '@vmunit/core'
import type { SiteConnection } from './ports.ts'

/** A machine as it really is, told by the platform's own records and never by the product. */
export interface SiteMachine {
  readonly id: string
  readonly name: string
  readonly power: 'on' | 'off'
  /** The marker that was written for this very machine. */
  readonly marker: Marker | undefined
  /** Ids of the images that it descends from, the newest first. */
  readonly lineage: readonly string[]
}

/** What an onlooker saw of the service of a fleet. */
export interface ServiceRecord {
  /** The fewest groups that served at any moment. */
  readonly fewest: number
  /** The groups that did not serve at some moment, in the order in which they ceased to. */
  readonly interrupted: readonly string[]
}

/** Watches from outside which groups serve. */
export interface ServiceWatch extends AsyncDisposable {
  stop(): Promise<ServiceRecord>
}

/** The service addresses of a group, in the order of its servers, with their slots. */
export interface WatchedGroup {
  readonly name: string
  readonly servers: readonly WatchedServer[]
}

export interface WatchedServer {
  readonly slot: string
  readonly address: string
  readonly serviceAddress: string
  /** Where it may serve instead. */
  readonly elsewhere?: readonly string[] | undefined
}

/** Where the load balancer sends users. */
export interface SiteMember {
  readonly pool: string
  /** Its name in the pool. */
  readonly name: string
  readonly address: string
  readonly traffic: 'in' | 'drain' | 'out'
}

/**
 * A place where the operations are tested: a platform with guests and a load balancer, and the hands and eyes of a
 * person there. The same tests run at every site.
 */
export interface Site extends AsyncDisposable {
  readonly name: 'simulator' | 'testbed'
  readonly connection: SiteConnection
  /** Whether the platform shows which image a machine was made from that a person made. */
  readonly tellsOrigin: boolean
  /** The addresses of a server, by a number of its own. */
  addresses(host: number): { readonly address: string; readonly serviceAddress: string }
  /** An image as a person makes it: with `/etc/release`, and an application that serves. Resolves to its id. */
  provideImage(template: string): Promise<string>
  /** A machine as the resource manager makes it: from an image, without marker, switched on and reachable. */
  provideMachine(machine: ProvidedMachine): Promise<string>
  machines(): Promise<readonly SiteMachine[]>
  /** A file of a machine that is on; undefined where there is none. */
  readFile(machine: string, path: string): Promise<string | undefined>
  writeFile(machine: string, path: string, text: string): Promise<void>
  setPower(machine: string, power: 'on' | 'off'): Promise<void>
  watch(unit: string, groups: readonly WatchedGroup[]): Promise<ServiceWatch>
  /** The members of all pools, as the load balancer itself has them. */
  members(): Promise<readonly SiteMember[]>
  /** Whether a user who is sent to this service address is served. */
  serves(address: string): Promise<boolean>
  /** The ids of the machines that the product changed, or tried to change, since the site was opened. */
  changedMachines(): Promise<ReadonlySet<string>>
}

export interface ProvidedMachine {
  readonly name: string
  readonly image: string
  readonly addresses: readonly string[]
}
