import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { isAlive } from '../../src/processes/process-identity.ts'
import { namespacesOf } from '../../src/processes/processes-around.ts'
import { openLab } from './guests-support.ts'

const COUNT = 100

/** Loopback addresses of a testbed on which something listens. */
function listening(prefix: readonly number[]): readonly string[] {
  const wanted = prefix
    .map((byte) => byte.toString(16).padStart(2, '0').toUpperCase())
    .toReversed()
    .join('')
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)
  return lines
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local = '', , state]) => {
      return state === '0A' && local.slice(2, 8) === wanted ? [local] : []
    })
}

/** The addresses of this machine, as the kernel routes to them; a small machine has no program that lists them. */
function localAddresses(): string {
  return ['/proc/net/fib_trie', '/proc/net/if_inet6'].map((path) => readFileSync(path, 'utf8')).join('\n')
}

it(`leaves the machine as it was after ${COUNT} guests were started, asked and stopped`, {
  timeout: 120_000,
}, async () => {
  const [mounts, addresses] = [readFileSync('/proc/self/mountinfo', 'utf8'), localAddresses()]
  const times: string[] = []
  const timed = async <T>(what: string, task: () => Promise<T>): Promise<T> => {
    const begin = performance.now()
    const result = await task()
    times.push(`${what} ${Math.round(performance.now() - begin)} ms`)
    return result
  }
  const lab = await openLab()
  const { host, instance } = lab
  const numbers = Array.from({ length: COUNT }, (_, index) => index + 1)
  const prefix = instance.address('management', 0, 1).split('.').map(Number).slice(0, 3)
  await timed(
    'start',
    async () => await Promise.all(numbers.map(async (n) => await host.start(`vm-${n}`, lab.settings(n)))),
  )
  expect(listening(prefix)).toHaveLength(COUNT)
  const guests = host.list().map(({ pid }) => pid!)
  expect(new Set(guests.flatMap((pid) => namespacesOf(pid))).size).toBe(3 * COUNT)
  const processes = host.processes()
  expect(processes.length).toBeGreaterThan(2 * COUNT)
  const answers = await timed('one command on all, by ssh, 16 at once', async () => {
    const queue = [...numbers]
    const results: string[] = []
    const worker = async (): Promise<void> => {
      for (let n = queue.shift(); n !== undefined; n = queue.shift())
        results.push((await lab.ssh(n, 'hostname')).stdout)
    }
    await Promise.all(Array.from({ length: 16 }, worker))
    return results
  })
  expect(answers.toSorted()).toEqual(numbers.map((n) => `guest-${n}\n`).toSorted())
  await timed(
    'power off',
    async () => await Promise.all(numbers.slice(0, 50).map(async (n) => await host.powerOff(`vm-${n}`))),
  )
  await timed(
    'shutdown',
    async () => await Promise.all(numbers.slice(50, 75).map(async (n) => await host.shutdown(`vm-${n}`))),
  )
  await timed('close with 25 on', async () => await lab[Symbol.asyncDispose]())
  console.log(`${COUNT} guests, ${processes.length} processes: ${times.join(', ')}`)

  expect(listening(prefix)).toEqual([])
  expect(processes.filter((one) => isAlive(one))).toEqual([])
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(mounts)
  expect(localAddresses()).toBe(addresses)
})
