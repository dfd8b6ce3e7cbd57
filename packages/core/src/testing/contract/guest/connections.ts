import assert from 'node:assert/strict'
import type { Guest } from '../../../ports/index.ts'
import { assertAborted, assertClosed, assertNoListeners, assertRejectsWithReason, type Calls } from '../assert-calls.ts'
import { assertRejects } from '../assert-rejects.ts'
import { freshOperationId } from '../fresh.ts'
import type { GuestLab, GuestRule } from '../guest-lab.ts'
import { promptly } from '../promptly.ts'
import { treeOf } from '../tree-of.ts'
import { countMarks } from './guests.ts'

function guestCalls(lab: GuestLab, guest: Guest, mark: readonly [string, ...string[]]): Calls {
  const to = `${lab.scratch}/calls`
  const id = freshOperationId()
  return {
    exec: (call) => guest.exec({ argv: mark }, call),
    startJob: (call) => guest.startJob(id, { argv: mark }, call),
    job: (call) => guest.job(id, call),
    stopJob: (call) => guest.stopJob(id, call),
    push: (call) => guest.push(treeOf({ 'a.txt': 'a' }), to, call),
    pushed: (call) => guest.pushed(to, call),
    pull: (call) => Array.fromAsync(guest.pull([`${to}/a.txt`], 1_000_000, call)),
    bootId: (call) => guest.bootId(call),
  }
}

/** Reaching guests, losing them, giving up, and the end. */
export const CONNECTION_RULES: readonly GuestRule[] = [
  {
    id: 'GA-001',
    text: 'the access has exactly the facets that are declared: there are none',
    since: '0.1.0',
    async run(_lab, facets) {
      assert.deepEqual(facets, [])
    },
  },
  {
    id: 'GA-070',
    text: 'a guest that does not prove an expected host key is ERR_HOST_KEY, and nothing is done in it',
    since: '0.1.0',
    async run({ access, target, secondTarget }) {
      const forged = { ...target, hostKeys: secondTarget.hostKeys }
      const error = await assertRejects(access.open(forged), 'ERR_HOST_KEY')
      assert.equal(error.retryable, false)
      const both = await access.open({ ...target, hostKeys: [...secondTarget.hostKeys, ...target.hostKeys] })
      await both.close()
    },
  },
  {
    id: 'GA-071',
    text: 'a guest that cannot be reached is ERR_UNAVAILABLE, retryable, and can be opened again later',
    since: '0.1.0',
    async run(lab) {
      await lab.unplug()
      const error = await assertRejects(promptly(lab, lab.access.open(lab.target)), 'ERR_UNAVAILABLE')
      assert.equal(error.retryable, true)
      await lab.replug()
      await using guest = await lab.access.open(lab.target)
      assert.equal((await guest.exec({ argv: lab.commands.succeed })).exitCode, 0)
    },
  },
  {
    id: 'GA-072',
    text: 'every call on a connection to a guest that is cut off rejects with ERR_UNAVAILABLE, retryable',
    since: '0.1.0',
    async run(lab) {
      const guest = await lab.access.open(lab.target)
      const mark = await lab.commands.leaveMark(0)
      await lab.unplug()
      for (const begin of Object.values(guestCalls(lab, guest, mark))) {
        const error = await assertRejects(promptly(lab, begin({})), 'ERR_UNAVAILABLE')
        assert.equal(error.retryable, true)
      }
      await lab.replug()
      await guest.close()
    },
  },
  {
    id: 'GA-073',
    text: 'bootId stays the same until the guest boots again, and then never comes back',
    since: '0.1.0',
    async run(lab) {
      const seen: string[] = []
      for (let boot = 0; boot < 3; boot += 1) {
        if (boot > 0) await lab.reboot()
        await using guest = await lab.access.open(lab.target)
        await using elsewhere = await (await lab.reopen()).open(lab.target)
        const id = await guest.bootId()
        assert.equal(await elsewhere.bootId(), id)
        seen.push(id)
      }
      assert.equal(new Set(seen).size, 3)
    },
  },
  {
    id: 'GA-074',
    text: 'two guests are two: a command, a job and a tree are in one of them',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      await using second = await lab.access.open(lab.secondTarget)
      const id = freshOperationId()
      await guest.startJob(id, { argv: lab.commands.succeed })
      await guest.push(treeOf({ 'a.txt': 'a' }), `${lab.scratch}/tree`)
      assert.deepEqual(await second.job(id), { state: 'absent' })
      assert.equal(await second.pushed(`${lab.scratch}/tree`), undefined)
      assert.notEqual(await second.bootId(), await guest.bootId())
    },
  },
  {
    id: 'GA-075',
    text: 'a guest that shows a key of the image it was made from is ERR_HOST_KEY_REUSED, whoever vouches for it',
    since: '0.1.0',
    async run({ access, target, secondTarget }) {
      const copied = { ...target, refusedHostKeys: target.hostKeys }
      const error = await assertRejects(access.open(copied), 'ERR_HOST_KEY_REUSED')
      assert.equal(error.retryable, false)
      const own = await access.open({ ...target, refusedHostKeys: secondTarget.hostKeys })
      await own.close()
    },
  },
  {
    id: 'GA-076',
    text: 'a guest of which no key is known yet is ERR_HOST_KEY, retryable, and nothing is done in it',
    since: '0.1.0',
    async run({ access, target }) {
      const error = await assertRejects(access.open({ ...target, hostKeys: [] }), 'ERR_HOST_KEY')
      assert.equal(error.retryable, true)
    },
  },
  {
    id: 'GA-080',
    text: 'a signal that is aborted already makes every call reject with its reason, and changes nothing',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      await assertAborted(lab, { open: (call) => lab.access.open(lab.target, call) })
      await assertAborted(lab, guestCalls(lab, guest, await lab.commands.leaveMark(0)))
      assert.equal(await guest.pushed(`${lab.scratch}/calls`), undefined)
      assert.equal(await countMarks(lab, guest), 0)
    },
  },
  {
    id: 'GA-081',
    text: 'an abort in the middle of exec rejects at once with its reason, and the connection stays usable',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const stop = new AbortController()
      const reason = new Error('stop exec')
      const running = guest.exec({ argv: lab.commands.sleep(600_000) }, { signal: stop.signal })
      running.catch(() => {})
      await guest.exec({ argv: lab.commands.succeed })
      stop.abort(reason)
      await assertRejectsWithReason(lab, running, reason)
      assert.equal((await guest.exec({ argv: lab.commands.succeed })).exitCode, 0)
    },
  },
  {
    id: 'GA-082',
    text: 'no call leaves a listener on its signal',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      await assertNoListeners(lab, { open: async (call) => await (await lab.access.open(lab.target, call)).close() })
      await assertNoListeners(lab, guestCalls(lab, guest, await lab.commands.leaveMark(0)))
    },
  },
  {
    id: 'GA-090',
    text: 'closing a guest twice succeeds, its later calls reject with ERR_CLOSED, and other connections go on',
    since: '0.1.0',
    async run(lab) {
      const guest = await lab.access.open(lab.target)
      await using other = await lab.access.open(lab.target)
      await guest.close()
      await guest.close()
      await guest[Symbol.asyncDispose]()
      await assertClosed(lab, guestCalls(lab, guest, lab.commands.succeed))
      assert.equal((await other.exec({ argv: lab.commands.succeed })).exitCode, 0)
    },
  },
  {
    id: 'GA-091',
    text: 'closing an access twice succeeds, and open rejects with ERR_CLOSED after it',
    since: '0.1.0',
    async run(lab) {
      const access = await lab.reopen()
      await access.close()
      await access.close()
      await assertClosed(lab, { open: (call) => access.open(lab.target, call) })
    },
  },
]
