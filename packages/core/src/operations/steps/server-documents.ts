import type { QuarantinedMachine, ServerGroup, VirtualServer } from '../../domain/management-unit.ts'
import { groupParser } from '../../domain/parsers.ts'
import { groupOfSlot } from '../../domain/slot.ts'
import { withoutBeside } from '../../domain/without-beside.ts'
import { keys, plain } from '../../engine/documents.ts'
import type { DocumentUpdate } from '../../ports/index.ts'

/** Names a server over all units. */
export interface ServerKey {
  readonly unit: string
  readonly slot: string
}

/** Changes the record of one server. A server that was detached meanwhile stays away. */
export function updateServer(
  { unit, slot }: ServerKey,
  change: (server: VirtualServer) => VirtualServer,
): DocumentUpdate {
  return updateGroup(unit, groupOfSlot(slot), (group) => ({
    ...group,
    servers: group.servers.map((server) => (server.slot === slot ? change(server) : server)),
  }))
}

/** Changes the record of one group, when there is one. */
export function updateGroup(unit: string, group: string, change: (group: ServerGroup) => ServerGroup): DocumentUpdate {
  return {
    key: keys.group(unit, group),
    update: (value) => (value === undefined ? undefined : plain(change(groupParser.parse(value)))),
  }
}

/** Adds a machine to those that are kept for inspection; once, however often it is recorded. */
export function addQuarantine({ unit, slot }: ServerKey, kept: QuarantinedMachine): DocumentUpdate {
  return updateGroup(unit, groupOfSlot(slot), (group) => ({
    ...group,
    servers: group.servers.map((server) =>
      server.slot === slot ? withoutBeside(server, { machine: kept.machine.id }) : server,
    ),
    quarantine: [...group.quarantine.filter(({ machine }) => machine.id !== kept.machine.id), kept],
  }))
}

/** Strikes machines off the list of those that are kept; the record of a group that is gone stays away. */
export function dropQuarantine({ unit, slot }: ServerKey, machines: ReadonlySet<string>): DocumentUpdate {
  return updateGroup(unit, groupOfSlot(slot), (group) => ({
    ...group,
    quarantine: group.quarantine.filter(({ machine }) => !machines.has(machine.id)),
  }))
}
