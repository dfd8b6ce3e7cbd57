import type { Plain } from '../../domain/plain.ts'
import type { ResourceRequest } from '../../domain/resource-request.ts'
import type { World } from '../../ports/index.ts'
import { draft, type Lane, outputOf } from '../roll/stage.ts'
import { awaitAnswer, recordVersion } from '../steps/index.ts'
import { newestVersionOf } from './check-request.ts'
import { type Period, sayRequest } from './say-request.ts'

/** The step that asks, and whose answer holds what was provided. */
export const ASK = 'request/ask'

/** The step that records a version which the resource manager registered. */
export const RECORD = 'request/record'

/** Asks the resource manager, and takes down what the answer changes. */
export function byPerson(world: World, request: ResourceRequest, period: Period): Lane {
  const ask = draft(awaitAnswer, {
    id: ASK,
    input: { text: sayRequest(request, period), ask: 'resources', subject: request as unknown as Plain, ...period },
  })
  if (request.kind !== 'registerTemplate') return [ask]
  const { template, deleteVersion } = request
  const parent = newestVersionOf(world, template)
  const record = draft(recordVersion, {
    id: RECORD,
    input: {
      template,
      version: parent + 1,
      parent,
      registered: outputOf(ASK, 'content'),
      ...(deleteVersion !== undefined && { deleted: deleteVersion }),
    },
  })
  return [ask, record]
}
