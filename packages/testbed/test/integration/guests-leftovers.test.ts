import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { claimInstance } from '../../src/instance/claim-instance.ts'
import { isAlive, type ProcessIdentity } from '../../src/processes/process-identity.ts'
import { waitUntil } from '../../src/processes/wait-until.ts'
import { defaultStateDirectory } from '../../src/vcsim/state-directory.ts'

interface Holder {
  readonly process: ChildProcess
  readonly keeper: ProcessIdentity
  readonly guests: readonly ProcessIdentity[]
  readonly number: number
  readonly directory: string
}

/** Another process that holds two guests. */
async function startHolder(): Promise<Holder> {
  const program = fileURLToPath(new URL('./guests-holder.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=@vmunit/source', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  return { process: child, ...JSON.parse(String(line)) }
}

const gone = (holder: Holder): true | undefined =>
  [holder.keeper, ...holder.guests].some((one) => isAlive(one)) ? undefined : true

it('leaves no process when a testbed is killed, and the next one removes its files', async () => {
  const holder = await startHolder()
  expect(holder.guests).toHaveLength(2)
  expect(gone(holder)).toBeUndefined()
  holder.process.kill('SIGKILL')
  await waitUntil(() => gone(holder), { what: 'the guests of the killed testbed to end' })
  expect(existsSync(join(holder.directory, 'guests', 'keeper.json'))).toBe(true)
  await using next = await claimInstance(defaultStateDirectory)
  expect(next.number).toBeLessThanOrEqual(holder.number)
  expect(existsSync(join(holder.directory, 'guests'))).toBe(false)
})

it('ends what a killed testbed left running because it could not notice', async () => {
  const holder = await startHolder()
  process.kill(holder.keeper.pid, 'SIGSTOP')
  holder.process.kill('SIGKILL')
  await once(holder.process, 'exit')
  expect(isAlive(holder.keeper)).toBe(true)
  expect(holder.guests.every((one) => isAlive(one))).toBe(true)
  await using next = await claimInstance(defaultStateDirectory)
  expect(next.number).toBeLessThanOrEqual(holder.number)
  expect(gone(holder)).toBe(true)
  expect(existsSync(join(holder.directory, 'guests'))).toBe(false)
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(holder.directory)
})

it('leaves a testbed alone that runs', async () => {
  const holder = await startHolder()
  await using next = await claimInstance(defaultStateDirectory)
  expect(next.number).not.toBe(holder.number)
  expect(holder.guests.every((one) => isAlive(one))).toBe(true)
  holder.process.stdin?.end()
  await once(holder.process, 'exit')
  expect(gone(holder)).toBe(true)
  expect(existsSync(holder.directory)).toBe(false)
})
