import * as z from 'zod'
import type { Plain } from '../../domain/plain.ts'
import type { Operation } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { groupsInput } from '../roll/input.ts'
import { guestOf, presentMachine } from '../roll/member.ts'
import { groupsOf, membersOf, unitOf } from '../roll/members-of.ts'
import { draft, EACH_FOR_ITSELF, type GroupProcedure, rolling } from '../roll/stage.ts'
import { collectServerLogs } from '../steps/index.ts'

export interface CollectLogsInput {
  readonly unit: string
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
  /** Files and directories of the guests. Default `/var/log`. */
  readonly paths?: readonly string[] | undefined
  /** How much one archive may hold. Default 16 MiB. */
  readonly maxBytes?: number | undefined
}

export interface ServerLogs {
  readonly server: string
  readonly address: string
  /** For `manager.archives.read`. */
  readonly archive: string
  readonly sizeBytes: number
}

export interface CollectLogsResult {
  readonly runId: string
  readonly servers: readonly ServerLogs[]
  /** What could not be had, and from which server. */
  readonly warnings: readonly string[]
}

const input = z.strictObject({
  ...groupsInput,
  paths: z.array(z.string().startsWith('/')).min(1).max(100).optional(),
  maxBytes: z.int().min(1).max(1_073_741_824).optional(),
})

const collected = z.object({ archive: z.string(), sizeBytes: z.number(), problems: z.array(z.string()) })

/**
 * Collects the logs of servers, one archive each (manual 6.2.4): files of the guest, what the hypervisor has of the
 * machine, and what the journals say about the server. Changes nothing, and needs no claim: other runs go on.
 *
 * @example
 * ```ts
 * const { servers } = await manager.execute(collectLogs, { unit: 'gyoumu_a', groups: ['vmgroup_1'] })
 * for (const { address, archive } of servers) {
 *   await pipeline(manager.archives.read(archive), createWriteStream(`${address}.tar`))
 * }
 * ```
 */
export const collectLogs: Operation<CollectLogsInput, CollectLogsResult> = defineOperation({
  name: 'collectLogs',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [collectServerLogs],
  plan({ unit: name, groups: names, paths = ['/var/log'], maxBytes = 16 * 1_048_576 }, world) {
    const unit = unitOf(world, name)
    const groups = groupsOf(unit, names)
    const procedures = groups.map(
      (group): GroupProcedure => ({
        change: { group: group.name, action: 'none', reason: 'logs are collected', disturbs: false, expects: [] },
        stages: [
          {
            name: 'collect',
            lanes: membersOf(world, unit, group).map((member) => {
              const { slot, machine } = member.server
              const stepInput = {
                unit: unit.name,
                slot,
                guest: guestOf(member, presentMachine(machine)),
                ...(machine?.operationId !== undefined && { machine: { ...machine } }),
                paths,
                maxBytes,
              }
              return [draft(collectServerLogs, { id: stepOf(slot), server: slot, input: stepInput as Plain })]
            }),
          },
        ],
        back: [],
      }),
    )
    return {
      claims: [],
      servers: groups.flatMap(({ servers }) =>
        servers.map(({ slot, address }) => ({
          server: slot,
          address,
          action: 'none' as const,
          reason: 'logs are collected',
        })),
      ),
      phases: rolling('collect', procedures, EACH_FOR_ITSELF),
    }
  },
  result({ servers }, { runId, outputOf }) {
    const found = servers.map(({ server, address }) => ({
      server,
      address,
      ...collected.parse(outputOf(stepOf(server))),
    }))
    return {
      runId,
      servers: found.map(({ problems: _problems, ...logs }) => logs),
      warnings: found.flatMap(({ server, problems }) => problems.map((problem) => `${server}: ${problem}`)),
    }
  },
})

function stepOf(slot: string): string {
  return `${slot}/logs`
}
