import assert from 'node:assert/strict'
import type { AddressPoolRule } from '../address-pool-lab.ts'
import { assertAborted, assertNoListeners } from '../assert-calls.ts'
import { freshOperationId } from '../fresh.ts'
import { assertExhausted, reserveAll } from './reservations.ts'

/** Giving up, and losing the right to act. */
export const LIFECYCLE_RULES: readonly AddressPoolRule[] = [
  {
    id: 'AP-040',
    text: 'a signal that is aborted already makes every call reject with its reason, and changes nothing',
    since: '0.1.0',
    async run(lab) {
      const { pool, networks } = lab
      const id = freshOperationId()
      const address = await pool.reserve(networks[0].name, id)
      await assertAborted(lab, {
        reserve: (call) => pool.reserve(networks[1].name, freshOperationId(), call),
        release: (call) => pool.release(address, id, call),
      })
      await reserveAll(lab, networks[1])
      assert.equal(await pool.reserve(networks[0].name, id), address)
    },
  },
  {
    id: 'AP-041',
    text: 'no call leaves a listener on its signal',
    since: '0.1.0',
    async run(lab) {
      const { pool, networks } = lab
      const id = freshOperationId()
      const address = await pool.reserve(networks[0].name, id)
      await assertNoListeners(lab, {
        reserve: (call) => pool.reserve(networks[0].name, id, call).then(() => {}),
        release: (call) => pool.release(address, id, call),
      })
    },
  },
  {
    id: 'AP-042',
    text: 'a process that may not change anything any more neither takes an address nor gives one back',
    since: '0.1.0',
    async run(lab) {
      const { pool, networks, rest } = lab
      const refusal = new Error('not any more')
      const permit = (): never => {
        throw refusal
      }
      await assert.rejects(pool.reserve(networks[0].name, freshOperationId(), { permit }), refusal)
      const [first] = await reserveAll(lab, networks[0])
      assert.ok(first)
      await assert.rejects(pool.release(first.address, first.id, { permit }), refusal)
      await rest()
      await assertExhausted(pool, networks[0])
    },
  },
]
