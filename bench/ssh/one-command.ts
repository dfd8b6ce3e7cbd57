import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from '../report.ts'
import type { BenchGuests } from './guests.ts'
import { reportTimes } from './report-times.ts'

const ROUNDS = 5
const PARALLEL = '32'
const CHILD = join(import.meta.dirname, 'children', 'run-command.mjs')

/** One command in every guest: our cold process and its second command, beside OpenSSH and ansible. */
export async function measureOneCommand(bench: BenchGuests, report: Report): Promise<void> {
  const { guests, keyFile, knownHosts, hostsFile, sshOptions } = bench
  const guestsFile = `${hostsFile}.json`
  writeFileSync(guestsFile, JSON.stringify(guests))
  const inventory = `${hostsFile}.ini`
  const settings = `ansible_user=root ansible_ssh_private_key_file=${keyFile} ansible_python_interpreter=/usr/bin/python3 ansible_ssh_common_args='-o UserKnownHostsFile=${knownHosts} -o ControlMaster=no'`
  writeFileSync(inventory, guests.map(({ address }) => `${address} ${settings}\n`).join(''))
  const ssh = ['-P', PARALLEL, '-I', '{}', '-a', hostsFile, 'ssh', '-n', ...sshOptions, 'root@{}', 'true']
  const ansible = ['all', '-i', inventory, '-f', PARALLEL, '-o']

  const times = { cold: [], second: [], ssh: [], raw: [], command: [] } as Record<string, number[]>
  for (let round = 0; round < ROUNDS; round += 1) {
    const output = ownProcess(guestsFile, keyFile)
    times['cold']?.push(output.wallMs)
    times['second']?.push(output.secondMs)
    times['ssh']?.push(await wallMs('xargs', ssh))
    times['raw']?.push(await wallMs('ansible', [...ansible, '-m', 'raw', '-a', 'true']))
    times['command']?.push(await wallMs('ansible', [...ansible, '-m', 'command', '-a', 'true']))
  }
  const count = guests.length
  reportTimes(report, times, {
    name: `one command on ${count} guests, cold process`,
    ours: 'cold',
    peer: 'ssh',
    peerName: 'ssh × 32',
    bar: 0.4,
  })
  reportTimes(report, times, {
    name: `one command on ${count} guests, cold process`,
    ours: 'cold',
    peer: 'raw',
    peerName: 'ansible raw -f 32',
    bar: 0.3,
  })
  reportTimes(report, times, {
    name: `one command on ${count} guests, cold process`,
    ours: 'cold',
    peer: 'command',
    peerName: 'ansible command -f 32',
    bar: 0.1,
  })
  reportTimes(report, times, {
    name: `second command on ${count} guests`,
    ours: 'second',
    peer: 'ssh',
    peerName: 'ssh × 32',
    bar: 0.1,
  })
}

function ownProcess(guestsFile: string, keyFile: string): { readonly wallMs: number; readonly secondMs: number } {
  const output = execFileSync(process.execPath, [CHILD, guestsFile, keyFile], {
    encoding: 'utf8',
  })
  const { coldMs, secondMs } = JSON.parse(output) as { coldMs: number; secondMs: number }
  // The child counts from the start of its process.
  return { wallMs: coldMs, secondMs }
}

/** How long a program takes that must succeed. */
export async function wallMs(program: string, args: readonly string[]): Promise<number> {
  const started = performance.now()
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ANSIBLE_HOST_KEY_CHECKING: 'True' },
  })
  let complaints = ''
  child.stderr.on('data', (text: Buffer) => {
    complaints += text.toString()
  })
  const [code] = (await once(child, 'close')) as (number | null)[]
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${complaints.slice(0, 2_000)}`)
  return performance.now() - started
}
