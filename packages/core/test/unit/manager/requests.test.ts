import type { Principal } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { commitUpdates } from '../../../src/engine/commit-updates.ts'
import { keys } from '../../../src/engine/documents.ts'
import { answerOf, askRequest, requestId } from '../../../src/engine/gates.ts'
import { answerRequest } from '../../../src/manager/answer-request.ts'
import { createRequests } from '../../../src/manager/requests.ts'
import type { StateStore } from '../../../src/ports/index.ts'
import { groupNames, progressOf, syntheticPlan } from '../engine/support/synthetic-plan.ts'

const APPROVER: Principal = { name: 'user_b', role: 'builder' }
const progress = progressOf(syntheticPlan({ phases: [{ name: 'roll', groups: groupNames(2) }] }))
const ID = requestId('run', 'wave:0:1')

/** What an administrator would see. */
async function openIn(store: StateStore) {
  return await createRequests({ store, maySee: async () => true }).list()
}

async function ask(store: StateStore, text?: string): Promise<void> {
  // The run is one that has not ended.
  const head = { operation: 'test@1', claims: [], state: 'waiting', createdAt: 0 }
  const run = [
    { key: keys.openRun('run'), update: () => true },
    { key: keys.run('run'), update: () => head },
  ]
  const asked = askRequest(progress, { id: 'wave:0:1', gate: { kind: 'approval', text } })
  await commitUpdates(store, { updates: [...run, asked] })
}

function answer(
  store: StateStore,
  more: { principal?: Principal; approve?: boolean; planHash?: string; request?: string } = {},
): Promise<void> {
  return answerRequest(store, { request: ID, approve: true, principal: APPROVER, ...more })
}

describe('a request', () => {
  it('says what is asked, by whom, and for which plan', async () => {
    await using store = openSqliteStore(':memory:')
    await ask(store, 'go on with the rest?')
    expect(await openIn(store)).toEqual([
      {
        id: ID,
        run: 'run',
        gate: 'wave:0:1',
        text: 'go on with the rest?',
        planHash: progress.plan.hash,
        requestedBy: 'user_a',
      },
    ])
  })

  it('is asked once, and keeps its answer, however often the run resumes', async () => {
    await using store = openSqliteStore(':memory:')
    await ask(store, 'first')
    await answer(store, { planHash: progress.plan.hash })
    await ask(store, 'second')
    expect(await answerOf(store, ID)).toEqual({ approve: true, by: 'user_b', time: expect.any(Number) })
    expect(await openIn(store)).toEqual([])
  })

  it('keeps a refusal', async () => {
    await using store = openSqliteStore(':memory:')
    await ask(store)
    await answer(store, { approve: false })
    expect(await answerOf(store, ID)).toMatchObject({ approve: false, by: 'user_b' })
  })

  it.for<readonly [string, Parameters<typeof answer>[1], string]>([
    ['by who asked', { principal: { name: 'user_a', role: 'builder' } }, 'ERR_APPROVAL_REFUSED'],
    ['by who asked, in another role', { principal: { name: 'user_a', role: 'administrator' } }, 'ERR_APPROVAL_REFUSED'],
    ['by a resource manager', { principal: { name: 'user_r', role: 'resourceManager' } }, 'ERR_PERMISSION_DENIED'],
    ['for another plan', { planHash: '0'.repeat(64) }, 'ERR_APPROVAL_REFUSED'],
    ['to a request that nobody made', { request: 'nothing' }, 'ERR_NOT_FOUND'],
  ])('takes no answer %s', async ([, given, expected]) => {
    await using store = openSqliteStore(':memory:')
    await ask(store)
    await expect(answer(store, given)).rejects.toMatchObject({ code: expected })
    expect(await answerOf(store, ID)).toBeUndefined()
    expect(await openIn(store)).toHaveLength(1)
  })

  it('is answered once, also by two at the same time', async () => {
    await using store = openSqliteStore(':memory:')
    await ask(store)
    const answers = await Promise.allSettled([
      answer(store),
      answer(store, { principal: { name: 'user_c', role: 'administrator' }, approve: false }),
    ])
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const refused = answers.find((result) => result.status === 'rejected')
    expect(refused?.reason).toMatchObject({ code: 'ERR_CONFLICT' })
  })
})
