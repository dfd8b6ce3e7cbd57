import type { ServerGroup } from '../../domain/management-unit.ts'
import type { Change, ExpectedFact } from '../../domain/plan.ts'
import type { Draft, World } from '../../ports/index.ts'
import { groupsOf, unitOf } from '../roll/members-of.ts'
import { draft, EVERYTHING, rolling } from '../roll/stage.ts'
import { recordMark } from './record-mark.ts'

interface Marked {
  readonly unit: string
  readonly group: string
}

/** What becomes of the mark: with a comment it is set, without it is taken off. */
interface MarkChange extends Pick<Change, 'action' | 'reason'> {
  readonly comment?: string | undefined
}

/** Plans a change of one group's mark. It holds no claim: a mark is a note, which no other work depends on. */
export function planMark<Request extends Marked>(
  world: World,
  request: Request,
  changeOf: (request: Request, group: ServerGroup) => MarkChange | undefined,
): Draft {
  const unit = unitOf(world, request.unit)
  const groups = groupsOf(unit, [request.group])
  const procedures = groups.flatMap((group) => {
    const change = changeOf(request, group)
    if (change === undefined) return []
    const { action, reason, comment } = change
    const input = { unit: unit.name, group: group.name, comment }
    const step = draft(recordMark, { id: `${group.name}/${action}`, input })
    const expects = group.servers.map(({ slot }): ExpectedFact => {
      return { unit: unit.name, server: slot, fact: 'attached', value: true }
    })
    return [
      {
        change: { group: group.name, action, reason, disturbs: false, expects },
        stages: [{ name: action, lanes: [[step]] }],
        back: [],
      },
    ]
  })
  return {
    claims: [],
    servers: [],
    phases: rolling('mark', procedures, EVERYTHING),
    warnings: procedures.length === 0 ? [`${request.group} bears no fault mark`] : [],
  }
}
