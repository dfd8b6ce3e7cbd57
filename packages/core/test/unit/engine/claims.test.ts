import { describe, expect, it } from 'vitest'
import { giveClaims, groupClaim, takeClaims } from '../../../src/engine/claims.ts'
import { commitUpdates } from '../../../src/engine/commit-updates.ts'
import { openSqliteStore } from '../../../src/sqlite-store/index.ts'

const GROUP_1 = groupClaim('gyoumu_a', 'vmgroup_1')
const GROUP_2 = groupClaim('gyoumu_a', 'vmgroup_2')
const UNIT = 'unit/gyoumu_a'

describe('claims', () => {
  it.for<readonly [held: string, wanted: string, isFree: boolean]>([
    [GROUP_1, GROUP_1, false],
    [GROUP_1, GROUP_2, true],
    [GROUP_1, UNIT, false],
    [UNIT, GROUP_1, false],
    [UNIT, UNIT, false],
    [UNIT, 'unit/gyoumu_b', true],
    [UNIT, groupClaim('gyoumu_b', 'vmgroup_1'), true],
    ['template/web-base', 'template/web-base', false],
    ['template/web-base', 'template/app-base', true],
    ['template/gyoumu_a', UNIT, true],
  ])('with %s taken, %s is free: %s', async ([held, wanted, isFree]) => {
    await using store = openSqliteStore(':memory:')
    await commitUpdates(store, { updates: takeClaims('first', [held]) })
    const taking = commitUpdates(store, { updates: takeClaims('second', [wanted]) })
    if (isFree) await expect(taking).resolves.toBeUndefined()
    else await expect(taking).rejects.toMatchObject({ code: 'ERR_CLAIMED', details: { runId: 'first' } })
  })

  it('takes all or none', async () => {
    await using store = openSqliteStore(':memory:')
    await commitUpdates(store, { updates: takeClaims('first', [GROUP_2, 'template/web-base']) })
    await expect(
      commitUpdates(store, { updates: takeClaims('second', [GROUP_1, 'template/web-base']) }),
    ).rejects.toMatchObject({ code: 'ERR_CLAIMED' })
    await expect(commitUpdates(store, { updates: takeClaims('third', [GROUP_1]) })).resolves.toBeUndefined()
  })

  it('lets a run take what it has', async () => {
    await using store = openSqliteStore(':memory:')
    await commitUpdates(store, { updates: takeClaims('first', [GROUP_1]) })
    await expect(commitUpdates(store, { updates: takeClaims('first', [GROUP_1, UNIT]) })).resolves.toBeUndefined()
  })

  it('gives back its own, never those of others', async () => {
    await using store = openSqliteStore(':memory:')
    await commitUpdates(store, { updates: takeClaims('first', [GROUP_1]) })
    await commitUpdates(store, { updates: takeClaims('second', [GROUP_2]) })
    await commitUpdates(store, { updates: giveClaims('second', [GROUP_1, GROUP_2]) })
    const wanted = (claim: string): Promise<void> => commitUpdates(store, { updates: takeClaims('third', [claim]) })
    await expect(wanted(GROUP_1)).rejects.toMatchObject({ details: { runId: 'first' } })
    await expect(wanted(GROUP_2)).resolves.toBeUndefined()
  })

  it('of two that want the same at the same time, one gets it', async () => {
    await using store = openSqliteStore(':memory:')
    const results = await Promise.allSettled(
      ['first', 'second', 'third'].map((run) => commitUpdates(store, { updates: takeClaims(run, [UNIT]) })),
    )
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected'])
  })

  it('takes and gives back many groups in one transaction, at a cost that grows as their number does', async () => {
    await using store = openSqliteStore(':memory:')
    const cpuMicros = async (count: number): Promise<number> => {
      const claims = Array.from({ length: count }, (_, index) => groupClaim('gyoumu_a', `vmgroup_${index}`))
      const began = process.cpuUsage()
      await commitUpdates(store, { updates: takeClaims('first', claims) })
      await commitUpdates(store, { updates: giveClaims('first', claims) })
      const { user, system } = process.cpuUsage(began)
      return user + system
    }
    const few = await cpuMicros(2_500)
    // Sixteen times as many; if each looked at all others, it were 256 times.
    expect(await cpuMicros(40_000)).toBeLessThan(64 * few)
    await expect(commitUpdates(store, { updates: takeClaims('second', [UNIT]) })).resolves.toBeUndefined()
  })
})
