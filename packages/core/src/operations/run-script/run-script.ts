import * as z from 'zod'
import type { ServerGroup } from '../../domain/management-unit.ts'
import { schemas } from '../../domain/parsers.ts'
import { groupClaim } from '../../engine/claims.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Operation, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { expectPlace } from '../roll/expect.ts'
import { filesStage, filesStep } from '../roll/file-stages.ts'
import { groupsInput } from '../roll/input.ts'
import { guestOf, type Member } from '../roll/member.ts'
import { groupsOf, markWarnings, membersOf, unitOf } from '../roll/members-of.ts'
import { draft, EACH_FOR_ITSELF, type GroupProcedure, rolling, wayBack } from '../roll/stage.ts'
import { inPlace, type Placed, stage } from '../roll/stages.ts'
import { pushFiles, runJob } from '../steps/index.ts'

export interface RunScriptInput {
  readonly unit: string
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
  /** The hash of a user script directory that `manager.definitions.add` took in. */
  readonly script: string
  /** The script is ended when it has run so long. Default 3,600,000. */
  readonly timeoutMs?: number | undefined
}

/** The directory in which the script begins: it finds its files at `userscript_dir/…` (spec §4.8). */
const WORK_PATH = '/opt/vmunit'

/** Where the files are while the script runs. */
const SCRIPT_PATH = `${WORK_PATH}/userscript_dir`

const SCRIPT_NAME = 'user-script'

const input = z.strictObject({
  ...groupsInput,
  script: z.string().min(1),
  timeoutMs: schemas.milliseconds.optional(),
})

/**
 * Runs a user script on the servers of a unit or of some groups, whatever their logical status is (manual 7.8): the
 * directory is distributed to `/opt/vmunit/userscript_dir`, its `user-script` runs once in `/opt/vmunit`, without
 * arguments and with the identifier of the server in `VMI_VIRTUALID`, and the files are taken away again, also when it
 * failed.
 *
 * Nothing is stopped for it, and the status of the servers stays as it is. Exit code 0 is success.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND` for a directory that is not in the store; `ERR_INVALID_DEFINITION` for one
 * without an executable `user-script`.
 * @example
 * ```ts
 * const { hash } = await manager.definitions.add({ tiers: [], ...(await readUserScript('./userscript')) })
 * await manager.execute(runScript, { unit: 'gyoumu_a', script: hash })
 * ```
 */
export const runScript: Operation<RunScriptInput, FleetResult> = defineOperation({
  name: 'runScript',
  version: 1,
  input,
  scope: ({ unit, script }) => ({ unit, definition: script }),
  kinds: [pushFiles, runJob],
  plan(request, world) {
    const unit = unitOf(world, request.unit)
    const groups = groupsOf(unit, request.groups)
    checkScript(world, request.script)
    const visited = groups.map((group) => ({ group, members: membersOf(world, unit, group) }))
    const procedures = visited.map(({ group, members }) => procedureOf(group, members, request))
    return {
      claims: groups.map(({ name }) => groupClaim(unit.name, name)),
      servers: visited.flatMap(({ members }) =>
        members.map(({ server: { slot, address, status } }) => ({
          server: slot,
          address,
          action: 'script' as const,
          reason: `is ${status}`,
        })),
      ),
      phases: rolling('script', procedures, EACH_FOR_ITSELF),
      back: wayBack(procedures, 'rolling'),
      warnings: [...markWarnings(groups), ...(groups.length === 0 ? [`unit ${unit.name} has no servers`] : [])],
    }
  },
  result: (_plan, finished) => fleetResult(finished),
})

function procedureOf(
  group: ServerGroup,
  members: readonly Member[],
  { script, timeoutMs }: RunScriptInput,
): GroupProcedure {
  const placed = inPlace(members)
  const taken = { verb: 'take-away', files: null, path: SCRIPT_PATH }
  const left = placed.map((place): Placed => ({ ...place, prefix: 'back' }))
  return {
    change: {
      group: group.name,
      action: 'script',
      reason: `script ${script.slice(0, 8)}`,
      disturbs: false,
      expects: members.flatMap(expectPlace),
    },
    stages: [
      stage('script', placed, (place) => [
        filesStep(place, { verb: 'distribute', files: script, path: SCRIPT_PATH }),
        scriptStep(place, timeoutMs),
        filesStep(place, taken),
      ]),
    ],
    back: [filesStage(left, taken)],
  }
}

function scriptStep({ member, machine }: Placed, timeoutMs = 3_600_000): ReturnType<typeof draft> {
  const { server } = member
  const step = {
    guest: guestOf(member, machine),
    argv: ['sh', '-c', `set -e\ncd ${WORK_PATH}\nexec ${SCRIPT_PATH}/${SCRIPT_NAME}`],
    timeoutMs,
    environment: { VMI_VIRTUALID: server.address },
  }
  return draft(runJob, { id: `${server.slot}/user-script`, server: server.slot, input: step })
}

function checkScript(world: World, hash: string): void {
  const directory = world.definitions.get(hash)
  if (directory === undefined) {
    throw new VmunitError(
      'ERR_NOT_FOUND',
      'That user script directory is not in the store. Add it with manager.definitions.add().',
      { details: { script: hash } },
    )
  }
  const script = directory.files.find(({ path }) => path === SCRIPT_NAME)
  if (script?.executable === true) return
  const what = script === undefined ? `has no file ${SCRIPT_NAME}` : `has a ${SCRIPT_NAME} that is not executable`
  throw new VmunitError('ERR_INVALID_DEFINITION', `The user script directory ${what}. Correct it and add it again.`, {
    details: { script: hash, files: directory.files.slice(0, 20).map(({ path }) => path) },
  })
}
