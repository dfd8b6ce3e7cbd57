import assert from 'node:assert/strict'
import { freshOperationId } from '../fresh.ts'
import type { GuestRule } from '../guest-lab.ts'
import { eventually, promptly } from '../promptly.ts'
import { countMarks, jobResult, textOf } from './guests.ts'

/** Commands that run detached, once. */
export const JOB_RULES: readonly GuestRule[] = [
  {
    id: 'GA-030',
    text: 'a job is absent before it is started, busy while it runs, then done with exit code and output',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const [said, failed, slow] = [freshOperationId(), freshOperationId(), freshOperationId()]
      assert.deepEqual(await guest.job(said), { state: 'absent' })
      await guest.startJob(said, { argv: lab.commands.print('said') })
      await guest.startJob(failed, { argv: lab.commands.fail.argv })
      await guest.startJob(slow, { argv: lab.commands.sleep(600_000) })
      assert.equal((await guest.job(slow)).state, 'busy')
      assert.equal(textOf(await jobResult(lab, guest, said)), 'said\n')
      assert.equal((await jobResult(lab, guest, failed)).exitCode, lab.commands.fail.exitCode)
      await guest.stopJob(slow)
    },
  },
  {
    id: 'GA-031',
    text: 'startJob with a known id starts nothing: at the same time, while it runs, after its end, in another process',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      await using elsewhere = await (await lab.reopen()).open(lab.target)
      const id = freshOperationId()
      const command = { argv: await lab.commands.leaveMark(100) }
      await Promise.all([guest.startJob(id, command), guest.startJob(id, command), elsewhere.startJob(id, command)])
      await guest.startJob(id, command)
      await jobResult(lab, guest, id)
      await guest.startJob(id, command)
      await elsewhere.startJob(id, command)
      assert.equal((await elsewhere.job(id)).state, 'done')
      assert.equal(await countMarks(lab, guest), 1)
    },
  },
  {
    id: 'GA-032',
    text: 'two ids are two jobs, also when they differ in one character only',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const id = freshOperationId()
      for (const each of [id, `${id}0`, id.replace('/', '-')]) {
        await guest.startJob(each, { argv: lab.commands.print(each) })
        assert.equal(textOf(await jobResult(lab, guest, each)), `${each}\n`)
      }
    },
  },
  {
    id: 'GA-033',
    text: 'a job goes on when the connection that started it is closed or lost',
    since: '0.1.0',
    async run(lab) {
      const first = await lab.access.open(lab.target)
      const [closed, lost] = [freshOperationId(), freshOperationId()]
      await first.startJob(closed, { argv: await lab.commands.leaveMark(200) })
      await first.close()
      const second = await lab.access.open(lab.target)
      await second.startJob(lost, { argv: await lab.commands.leaveMark(200) })
      await lab.unplug()
      await lab.replug()
      await second.close()
      await using guest = await (await lab.reopen()).open(lab.target)
      for (const id of [closed, lost]) assert.equal((await jobResult(lab, guest, id)).exitCode, 0)
      assert.equal(await countMarks(lab, guest), 2)
    },
  },
  {
    id: 'GA-034',
    text: 'a job that a reboot ended is unknown, never absent, and is not started again',
    since: '0.1.0',
    async run(lab) {
      const before = await lab.access.open(lab.target)
      const id = freshOperationId()
      const command = { argv: await lab.commands.leaveMark(600_000) }
      await before.startJob(id, command)
      assert.equal((await before.job(id)).state, 'busy')
      await lab.reboot()
      await before.close()
      await using guest = await lab.access.open(lab.target)
      assert.equal((await guest.job(id)).state, 'unknown')
      await guest.startJob(id, command)
      assert.equal((await guest.job(id)).state, 'unknown')
    },
  },
  {
    id: 'GA-035',
    text: 'a job that was over before a reboot is done after it',
    since: '0.1.0',
    async run(lab) {
      const before = await lab.access.open(lab.target)
      const id = freshOperationId()
      await before.startJob(id, { argv: lab.commands.print('kept') })
      await jobResult(lab, before, id)
      await lab.reboot()
      await before.close()
      await using guest = await lab.access.open(lab.target)
      assert.equal(textOf(await jobResult(lab, guest, id)), 'kept\n')
    },
  },
  {
    id: 'GA-036',
    text: 'stopJob ends a job and what it started; a job that is over or absent is success',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const [stopped, witness] = [freshOperationId(), freshOperationId()]
      await guest.stopJob(freshOperationId())
      await guest.startJob(stopped, { argv: await lab.commands.leaveMark(400) })
      await guest.stopJob(stopped)
      await guest.startJob(witness, { argv: lab.commands.sleep(600) })
      const { state } = await eventually(
        lab,
        async () => await guest.job(stopped),
        (seen) => seen.state !== 'busy',
      )
      assert.notEqual(state, 'absent')
      await jobResult(lab, guest, witness)
      assert.equal(await countMarks(lab, guest), 0)
      await guest.stopJob(stopped)
      await guest.stopJob(witness)
      assert.equal((await jobResult(lab, guest, witness)).exitCode, 0)
    },
  },
  {
    id: 'GA-037',
    text: 'a job that runs longer than its limit is ended, and is done with an exit code other than 0',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const id = freshOperationId()
      await guest.startJob(id, { argv: lab.commands.sleep(600_000), timeoutMs: 50 })
      assert.notEqual((await promptly(lab, jobResult(lab, guest, id))).exitCode, 0)
    },
  },
  {
    id: 'GA-038',
    text: 'a job gets its arguments and environment as they are',
    since: '0.1.0',
    async run(lab) {
      await using guest = await lab.access.open(lab.target)
      const [words, named] = [freshOperationId(), freshOperationId()]
      await guest.startJob(words, { argv: lab.commands.print('a  b', '$HOME', "it's", ';') })
      const environment = { CONTRACT: `$HOME "it's"` }
      await guest.startJob(named, { argv: lab.commands.printEnvironment('CONTRACT'), environment })
      assert.equal(textOf(await jobResult(lab, guest, words)), "a  b $HOME it's ;\n")
      assert.equal(textOf(await jobResult(lab, guest, named)), `${environment.CONTRACT}\n`)
    },
  },
]
