import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from '../report.ts'
import type { BenchGuest, BenchGuests } from './guests.ts'
import { wallMs } from './one-command.ts'
import { reportTimes } from './report-times.ts'

const ROUNDS = 3
const FILES = 2_000
const BYTES = 100_000_000
const CHILD = join(import.meta.dirname, 'children', 'push-tree.mjs')

/** A definition of 100 MB in 2,000 files, brought to guests and brought again; beside rsync and scp. */
export async function measurePush(bench: BenchGuests, guests: readonly BenchGuest[], report: Report): Promise<void> {
  const { host, hostsFile, keyFile, sshOptions } = bench
  const directory = `${hostsFile}.tree`
  const treeFile = `${hostsFile}.tree.json`
  writeFileSync(treeFile, JSON.stringify(makeTree(directory)))
  const guestsFile = `${hostsFile}.push.json`
  writeFileSync(guestsFile, JSON.stringify(guests))
  const names = guests.map((_, index) => `guest-${index + 1}`)
  const clean = async (): Promise<void> => {
    for (const name of names)
      await host.exec(name, ['sh', '-c', 'rm -rf /srv/pushed* /srv/.pushed* /srv/.vmunit* /srv/peer'])
  }
  const push = (verify: 'hash' | 'size'): number => {
    const args = [CHILD, guestsFile, keyFile, treeFile, directory, verify]
    return (JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as { ms: number }).ms
  }
  const addresses = guests.map(({ address }) => address)
  const remote = ['ssh', ...sshOptions].join(' ')
  const rsync = async (): Promise<number> =>
    await parallel(addresses, ['rsync', '-a', '-e', remote, `${directory}/`, 'root@{}:/srv/peer/'])
  const scpOptions = sshOptions.map((option) => (option === '-p' ? '-P' : option))
  const scp = async (): Promise<number> =>
    await parallel(addresses, ['scp', '-q', '-r', ...scpOptions, directory, 'root@{}:/srv/peer'])

  const times = { hash: [], size: [], again: [], rsync: [], rsyncAgain: [], scp: [] } as Record<string, number[]>
  let bytesAgain = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    await clean()
    times['size']?.push(push('size'))
    await clean()
    times['hash']?.push(push('hash'))
    const before = loopbackBytes()
    times['again']?.push(push('hash'))
    bytesAgain = loopbackBytes() - before
    times['rsync']?.push(await rsync())
    times['rsyncAgain']?.push(await rsync())
    await clean()
    times['scp']?.push(await scp())
  }
  await clean()
  const what = `push 100 MB in 2,000 files to ${guests.length} guests`
  reportTimes(report, times, { name: `${what}, verified`, ours: 'hash', peer: 'rsync', peerName: 'rsync', bar: 1.3 })
  reportTimes(report, times, {
    name: `${what}, verify: 'size'`,
    ours: 'size',
    peer: 'rsync',
    peerName: 'rsync',
    bar: 1,
  })
  reportTimes(report, times, { name: `${what}, verified`, ours: 'hash', peer: 'scp', peerName: 'scp -r', bar: 0.5 })
  reportTimes(report, times, {
    name: `${what} again, unchanged`,
    ours: 'again',
    peer: 'rsyncAgain',
    peerName: 'rsync',
    bar: 0.7,
  })
  const share = bytesAgain / (BYTES * guests.length)
  report({
    name: `${what} again: bytes on the wire`,
    value: bytesAgain,
    peer: BYTES * guests.length,
    ratio: share,
    bar: 0.01,
    unit: 'bytes',
    peerName: 'all of it',
  })
}

interface WrittenTree {
  readonly hash: string
  readonly files: readonly {
    readonly path: string
    readonly hash: string
    readonly sizeBytes: number
    readonly executable: boolean
  }[]
}

function makeTree(directory: string): WrittenTree {
  const sizeBytes = BYTES / FILES
  const files = Array.from({ length: FILES }, (_, index) => {
    const folder = `part-${String(index % 20).padStart(2, '0')}`
    mkdirSync(join(directory, folder), { recursive: true })
    const path = `${folder}/file-${String(index).padStart(4, '0')}`
    const content = randomBytes(sizeBytes)
    writeFileSync(join(directory, path), content)
    return { path, hash: createHash('sha256').update(content).digest('hex'), sizeBytes, executable: false }
  }).sort((a, b) => (a.path < b.path ? -1 : 1))
  return { hash: createHash('sha256').update(JSON.stringify(files)).digest('hex'), files }
}

/** Runs a command for every address, all at once; `{}` stands for the address. */
async function parallel(addresses: readonly string[], command: readonly string[]): Promise<number> {
  const started = performance.now()
  await Promise.all(
    addresses.map(async (address) => {
      const [program = '', ...args] = command.map((word) => word.replace('{}', address))
      await wallMs(program, args)
    }),
  )
  return performance.now() - started
}

/** What went over the loopback device until now, whoever sent it. */
function loopbackBytes(): number {
  return Number(readFileSync('/sys/class/net/lo/statistics/tx_bytes', 'utf8'))
}
