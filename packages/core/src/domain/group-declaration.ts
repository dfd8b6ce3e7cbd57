/** A server as a group information file declares it (spec §4.1). */
export interface ServerDeclaration {
  readonly tierId: string
  readonly address: string
  readonly port: number
  readonly serviceAddress?: string | undefined
}

/** A group as a group information file declares it, in the file's order. */
export interface GroupDeclaration {
  readonly name: string
  readonly servers: readonly ServerDeclaration[]
}

/** The port of the original's server communication agent, used when none is declared (spec §4.9). */
export const DEFAULT_AGENT_PORT = 20580
