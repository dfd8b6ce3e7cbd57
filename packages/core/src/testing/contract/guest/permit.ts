import assert from 'node:assert/strict'
import { assertRefused } from '../assert-calls.ts'
import { freshOperationId } from '../fresh.ts'
import type { GuestRule } from '../guest-lab.ts'
import { treeOf } from '../tree-of.ts'
import { countMarks, output } from './guests.ts'

/** Calls of a process that may not change anything any more. */
export const PERMIT_RULES: readonly GuestRule[] = [
  {
    id: 'GA-083',
    text: 'when permit throws, a call that would change something rejects with that error, and nothing has changed',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const [to, elsewhere] = [`${lab.scratch}/tree`, `${lab.scratch}/elsewhere`]
      const [running, refused] = [freshOperationId(), freshOperationId()]
      const old = treeOf({ 'a.txt': 'old a' })
      const next = treeOf({ 'a.txt': 'new a', 'b.txt': 'new b' })
      const mark = await lab.commands.leaveMark(0)
      await guest.push(old, to)
      await guest.startJob(running, { argv: lab.commands.sleep(600_000) })
      await assertRefused(lab, {
        exec: (call) => guest.exec({ argv: mark }, call),
        startJob: (call) => guest.startJob(refused, { argv: mark }, call),
        stopJob: (call) => guest.stopJob(running, call),
        push: (call) => guest.push(next, to, call),
        'push of the first tree': (call) => guest.push(next, elsewhere, call),
      })
      assert.equal(await countMarks(lab, guest), 0)
      assert.deepEqual(await guest.job(refused), { state: 'absent' })
      assert.equal((await guest.job(running)).state, 'busy')
      assert.deepEqual([await guest.pushed(to), await guest.pushed(elsewhere)], [old.hash, undefined])
      assert.equal((await output(guest, lab.commands.readFile(`${to}/a.txt`))).toString(), 'old a')
      await guest.stopJob(running)
    },
  },
]
