import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecResult, Observed } from '@vmunit/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commandScript } from '../../src/commands/command-script.ts'
import { quote, scriptBytes } from '../../src/commands/quote.ts'
import { lookScript, startScript, stopScript } from '../../src/jobs/job-scripts.ts'
import { parseJob } from '../../src/jobs/parse-job.ts'
import { RUNNER_NAME } from '../../src/jobs/runner.ts'
import { processesWith, runShell, SHELLS } from '../support/shells.ts'
import { until } from '../support/until.ts'

/** The scripts of the jobs with the tools of this machine, which are not those of the guests of the testbed. */
describe.each(SHELLS.map((shell) => ({ shell, name: shell.join(' ') })))('jobs in $name', ({ shell }) => {
  let directory = ''
  let place = { stateDirectory: '', name: '' }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'jobs '))
    place = { stateDirectory: quote(directory), name: 'job' }
  })

  afterEach(async () => {
    await runShell(shell, scriptBytes(stopScript(place)))
    await until(
      async () => processesWith(directory),
      ({ length }) => length === 0,
    )
    rmSync(directory, { recursive: true })
  })

  const run = async (script: string): Promise<string> => {
    const result = await runShell(shell, scriptBytes(script), { cwd: directory })
    expect(result, result.stderr).toMatchObject({ exitCode: 0, stderr: '' })
    return result.stdout.toString()
  }
  const start = async (argv: readonly [string, ...string[]], timeoutMs?: number): Promise<string> => {
    const nonce = randomBytes(8).toString('hex')
    return (await run(startScript({ ...place, commandScript: commandScript({ argv }), nonce, timeoutMs }))).trim()
  }
  const look = async (): Promise<Observed<ExecResult>> =>
    parseJob((await runShell(shell, scriptBytes(lookScript(place)))).stdout) ?? {
      state: 'partial',
      detail: 'unreadable',
    }
  const over = async (): Promise<ExecResult> => {
    const seen = await until(look, ({ state }) => state !== 'busy')
    if (seen.state !== 'done') throw new Error(`the job is ${seen.state}`)
    return seen.value
  }
  const sh = (script: string): readonly [string, ...string[]] => ['sh', '-c', script]

  it('is absent, busy and done, with exit code and both outputs', async () => {
    expect(await look()).toEqual({ state: 'absent' })
    const script = `echo out; echo err >&2; until [ -e '${directory}/go' ]; do sleep 0.05; done; exit 3`
    expect(await start(sh(script))).toBe('started')
    expect((await look()).state).toBe('busy')
    await run(': > go')
    const { exitCode, stdout, stderr, droppedBytes } = await over()
    expect({ exitCode, droppedBytes }).toEqual({ exitCode: 3, droppedBytes: 0 })
    expect([stdout.toString(), stderr.toString()]).toEqual(['out\n', 'err\n'])
    const left = async (): Promise<string> =>
      readdirSync(join(directory, 'jobs', 'job'))
        .toSorted()
        .join(' ')
    await until(left, (seen) => seen === 'claim result')
  })

  it('begins once, however many start it at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => start(sh(`echo x >> '${directory}/marks'`))))
    expect(answers.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'known'), 'started'])
    await over()
    expect(readFileSync(join(directory, 'marks'), 'utf8')).toBe('x\n')
    expect(await start(sh('exit 1'))).toBe('known')
  })

  it('keeps head and tail of long output, and little of it on the disk', async () => {
    await start(sh('seq 1 2000000; echo end >&2'))
    const { stdout, stderr, droppedBytes } = await over()
    const length = Array.from({ length: 2_000_000 }, (_, line) => `${line + 1}`.length + 1).reduce((a, b) => a + b)
    expect(stdout.length + droppedBytes).toBe(length)
    expect(stdout.toString()).toMatch(/^1\n2\n3\n/)
    expect(stdout.toString()).toMatch(/\n1999999\n2000000\n$/)
    expect(stderr.toString()).toBe('end\n')
  })

  it('keeps the tail also when output comes in drops', async () => {
    await start(sh('i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i + 1)); done'))
    const { stdout, droppedBytes } = await over()
    expect(stdout.length + droppedBytes).toBe(10 * 7 + 90 * 8 + 900 * 9 + 9_000 * 10 + 10_000 * 11)
    expect(stdout.toString()).toMatch(/^line 0\nline 1\n/)
    expect(stdout.toString()).toMatch(/\nline 19998\nline 19999\n$/)
  })

  it('ends at its limit, with all that it started, also when they do not want to', async () => {
    await start(sh(`trap "" TERM; (trap "" TERM; sleep 20; echo late > '${directory}/late') & wait; sleep 20`), 200)
    expect((await over()).exitCode).toBe(124)
    expect(existsSync(join(directory, 'late'))).toBe(false)
  }, 60_000)

  it('is ended by stopJob, which waits, and is done', async () => {
    await start(sh(`(sleep 2; echo late > '${directory}/late') & sleep 20`))
    expect(await run(stopScript(place))).toBe('gone\n')
    expect((await over()).exitCode).toBe(143)
    expect(await run(stopScript(place))).toBe('gone\n')
    expect(existsSync(join(directory, 'late'))).toBe(false)
  })

  it('does not wait for a service that it leaves behind, nor ends it', async () => {
    await start(
      sh(
        `echo started; (while [ ! -e '${directory}/stop' ]; do echo alive; sleep 0.05; done; : > '${directory}/stopped') &`,
      ),
    )
    const { exitCode, stdout } = await over()
    expect(exitCode).toBe(0)
    expect(stdout.toString()).toMatch(/^started\n/)
    await run(`sleep 0.3; : > '${directory}/stop'`)
    await until(async () => existsSync(join(directory, 'stopped')), Boolean)
  })

  it('is unknown when its runner was killed together with it, and busy while only the runner is gone', async () => {
    await start(sh('sleep 30'))
    const claim = join(directory, 'jobs', 'job', 'claim')
    const session = join(directory, 'jobs', 'job', 'session')
    await until(async () => existsSync(session) && readFileSync(session, 'utf8'), Boolean)
    process.kill(Number(readFileSync(claim, 'utf8').split(' ')[0]), 'SIGKILL')
    expect((await until(look, ({ state }) => state !== 'done')).state).toBe('busy')
    process.kill(-Number(readFileSync(session, 'utf8').split(' ')[0]), 'SIGKILL')
    expect(await until(look, ({ state }) => state !== 'busy')).toMatchObject({ state: 'unknown' })
    expect(await start(sh('true'))).toBe('known')
    expect((await look()).state).toBe('unknown')
  })

  it('stopJob ends what runs on without its runner', async () => {
    await start(sh('sleep 30'))
    const session = join(directory, 'jobs', 'job', 'session')
    await until(async () => existsSync(session) && readFileSync(session, 'utf8'), Boolean)
    process.kill(Number(readFileSync(join(directory, 'jobs', 'job', 'claim'), 'utf8').split(' ')[0]), 'SIGKILL')
    expect(await run(stopScript(place))).toBe('gone\n')
    expect((await look()).state).toBe('unknown')
  })

  it('is absent when its directory was made and it never began', async () => {
    await run(`mkdir -p jobs/job && echo x > jobs/job/command.00`)
    expect(await look()).toEqual({ state: 'absent' })
    expect(await start(sh('exit 4'))).toBe('started')
    expect((await over()).exitCode).toBe(4)
  })

  it('begins where a loss of power has left the runner empty', async () => {
    await run(`: > ${RUNNER_NAME}`)
    expect(await start(sh('exit 4'))).toBe('started')
    expect((await over()).exitCode).toBe(4)
  })

  it('is not taken for another process that has its number', async () => {
    await start(sh('true'))
    await over()
    const claim = readFileSync(join(directory, 'jobs', 'job', 'claim'), 'utf8').split(' ')
    await run(`rm jobs/job/result; echo "${process.pid} ${claim[1]} ${claim[2]?.trim()}" > jobs/job/claim`)
    expect((await look()).state).toBe('unknown')
  })

  it('runs with the umask and in the home directory of the account', async () => {
    const script = startScript({
      ...place,
      commandScript: commandScript({ argv: sh('umask; pwd') }),
      nonce: 'n',
      timeoutMs: undefined,
    })
    await runShell(shell, scriptBytes(`umask 027\n${script}`), { env: { ...process.env, HOME: directory } })
    expect((await over()).stdout.toString()).toMatch(new RegExp(`^0*27\n${directory}\n$`))
  })

  it('dies of SIGPIPE as it would without us', async () => {
    await start(sh('(trap - PIPE; sleep 0.1; echo x; echo "no pipe: $?" >&2) | true'))
    expect((await over()).stderr.toString()).toBe('')
  })

  it('says which program is missing', async () => {
    const script = startScript({ ...place, commandScript: '', nonce: 'n', timeoutMs: undefined })
    const { stdout } = await runShell(shell, scriptBytes(`PATH=/nowhere\n${script}`))
    // busybox has its own tools built in.
    if (shell[0] !== 'busybox') expect(stdout.toString()).toBe('lacks setsid\n')
  })
})

describe('what a guest says about a job', () => {
  it.each(['', 'done\n', 'done\n0 1 0 0\n', 'done\n0 1 0 0\nab', 'done\nx 0 0 0\n', 'busyish\n', 'unknown\n'])(
    '%j is nothing that can be relied on',
    (answer) => {
      expect(parseJob(Buffer.from(answer))).toBeUndefined()
    },
  )
})
