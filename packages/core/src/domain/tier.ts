/** The kinds of tier that a virtualised system may have (spec §2.3). */
export type TierType = 'combined-tier' | 'http-tier' | 'j2ee-tier' | 'ctm-tier'

/** A program and its arguments. Never a shell string. */
export type Argv = readonly [string, ...string[]]

/** What starts, stops, builds and asks after the application of a tier. Each runs in the guest, as a job or a probe. */
export interface ApplicationCommands {
  /** Runs after the definition was put in place; absent: nothing to build. */
  readonly build?: Argv | undefined
  /** Puts the applications into service: after `build`, and by itself on servers that work; absent: `build` does. */
  readonly deploy?: Argv | undefined
  /** Must succeed when the application runs already. */
  readonly start: Argv
  /** Must succeed when the application is stopped already. */
  readonly stop: Argv
  /** Exit code 0: the application serves. Asked again until it does, or `startTimeoutMs` has passed. */
  readonly health: Argv
  /** How long `start` may take until `health` holds. Default 300,000. */
  readonly startTimeoutMs: number
}

/** How a definition directory says that it brings the connection of a balancer with it (spec §4.3). */
export const UNIT_BALANCER = ':unit:'

/** Where a load balancer is managed (spec §4.5). The password stays in the file that it stands in. */
export interface BalancerConnection {
  readonly type: 'BIG-IPv9' | 'BIG-IPv10.1' | 'BIG-IPv10.2' | 'BIG-IPv11' | 'ACOS'
  readonly host: string
  readonly protocol: 'API'
  readonly port: number
  readonly user: string
  /** The template for cookie persistence that was made on the balancer. */
  readonly cookieTemplate?: string | undefined
}

/** The entry point of a tier at a load balancer. */
export interface TierBalancer {
  /**
   * A key of `ManagerOptions.balancers`; or {@link UNIT_BALANCER}, and in the tiers of a unit behind it which one:
   * `:unit:gyoumu_a/web`.
   */
  readonly name: string
  /** Present with {@link UNIT_BALANCER}: what `tierlb.properties` says. */
  readonly connection?: BalancerConnection | undefined
  readonly pool: string
  /** The address at which the balancer takes requests, where it is not the balancer's own choice. */
  readonly host?: string | undefined
  readonly port: number
  /** How long a member may keep its connections before they are cut. Default 300,000. */
  readonly drainTimeoutMs: number
}

/** Servers with the same deployment: one template, one set of definition files, one place in the start order. */
export interface Tier {
  readonly id: string
  readonly type: TierType
  /** Lower numbers start first and stop last; equal numbers go together, but Web servers after their J2EE servers. */
  readonly startOrder: number
  readonly template: string
  readonly application: ApplicationCommands
  readonly balancer?: TierBalancer | undefined
  readonly networks: { readonly management: string; readonly service: string }
}

/**
 * The tiers in start order, equal numbers together: what starts first comes first. Where Web servers have the number of
 * J2EE servers, they come after those that they send requests to (spec §3.15).
 */
export function inStartOrder(tiers: readonly Tier[]): readonly (readonly Tier[])[] {
  const orders = [...new Set(tiers.map((tier) => tier.startOrder))].sort((a, b) => a - b)
  return orders.flatMap((order) => {
    const equal = tiers.filter((tier) => tier.startOrder === order)
    if (!equal.some(({ type }) => type === 'j2ee-tier')) return [equal]
    const fronts = equal.filter(({ type }) => type === 'http-tier')
    return fronts.length === 0 ? [equal] : [equal.filter((tier) => !fronts.includes(tier)), fronts]
  })
}
