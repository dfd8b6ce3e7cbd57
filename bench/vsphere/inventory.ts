import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectVsphere, type Transport } from '@vmunit/driver-vsphere'
import { createAuthority, defaultStateDirectory, ensureVcsim, issueCertificate, startVcsim } from '@vmunit/testbed'
import { build } from 'tsup'
import { median } from '../median.ts'
import type { Report } from '../report.ts'
import { captureRequest } from './captured-request.ts'
import { preparePeers } from './peers.ts'
import { readFourProperties } from './read-properties.ts'

const MACHINES = 10_000
const ROUNDS = 9
const CHILDREN = join(import.meta.dirname, 'children')
const BARS = { curl: 1.5, govmomi: 0.4, pyvmomi: 0.35 } as const
const MEMORY_BAR_MIB = 100

/** A question about all machines. */
interface Look {
  readonly name: string
  /** The program that asks it, cold. */
  readonly ours: readonly string[]
  /** Asks it over a transport that takes the request down. */
  ask(transport: Transport): Promise<unknown>
}

type Program = 'ours' | 'curl' | 'govmomi' | 'pyvmomi'

/** The programs that ask the same, and the environments of ours and of the peers. */
type Programs = Readonly<Record<Exclude<Program, 'ours'>, readonly string[]>> & {
  readonly env: NodeJS.ProcessEnv
  readonly peerEnv: NodeJS.ProcessEnv
}

/** 10,000 machines, read by cold processes that alternate: four properties, and all that the driver reads. */
export async function measureInventory(report: Report): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'vmunit-bench-'))
  const tools = join(defaultStateDirectory, 'bench')
  mkdirSync(tools, { recursive: true })
  const peers = preparePeers(tools)
  const files = {
    certificate: join(directory, 'cert.pem'),
    key: join(directory, 'key.pem'),
    ca: join(directory, 'ca.pem'),
  }
  const authority = await createAuthority()
  const issued = await issueCertificate(authority)
  writeFileSync(files.ca, authority.certificate)
  writeFileSync(files.certificate, issued.certificate)
  writeFileSync(files.key, issued.key, { mode: 0o600 })
  const account = { username: 'reader', password: 'of the inventory' }
  console.error(`bench: vcsim makes ${MACHINES} machines, which takes minutes …`)
  await using vcsim = await startVcsim(await ensureVcsim(), {
    ...account,
    machines: MACHINES,
    areOff: true,
    tls: files,
  })
  try {
    const env = {
      ...process.env,
      VCENTER_URL: vcsim.url.href.replace(/^http:/, 'https:'),
      VCENTER_CA_FILE: files.ca,
      VCENTER_USERNAME: account.username,
      VCENTER_PASSWORD: account.password,
    }
    for (const look of await looksFrom(directory)) {
      const { body, cookie, properties } = await captureRequest(env, look.ask)
      const bodyFile = join(directory, 'request.xml')
      writeFileSync(bodyFile, body)
      const headers = ['-H', 'content-type: text/xml', '-H', `cookie: ${cookie}`]
      const paths = ['--cacert', files.ca, '--data-binary', `@${bodyFile}`, '-o', join(directory, 'answer.xml')]
      const curl = ['curl', '-sS', '--fail', ...headers, ...paths, env.VCENTER_URL]
      compare(look, { ...peers, curl, env, peerEnv: { ...env, VCENTER_PROPERTIES: properties.join(',') } }, report)
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function looksFrom(directory: string): Promise<readonly Look[]> {
  // As the driver itself is shipped: in one file of plain JavaScript.
  await build({
    entry: [join(CHILDREN, 'read-four-properties.ts')],
    config: false,
    silent: true,
    format: ['esm'],
    target: 'node22',
    noExternal: [/./],
    outDir: directory,
    outExtension: () => ({ js: '.mjs' }),
  })
  return [
    {
      name: `4 properties of ${MACHINES} machines, cold process`,
      ours: [process.execPath, join(directory, 'read-four-properties.mjs')],
      ask: async (transport) => await readFourProperties({ transport, credentials: undefined }),
    },
    {
      name: `inventory of ${MACHINES} machines, cold process`,
      ours: [process.execPath, join(CHILDREN, 'read-inventory.mjs')],
      ask: async (transport) => {
        await using driver = await connectVsphere({ transport })
        await driver.inventory({})
      },
    },
  ]
}

function compare({ name, ours }: Look, { env, peerEnv, ...peers }: Programs, report: Report): void {
  const times: Record<Program, number[]> = { ours: [], curl: [], govmomi: [], pyvmomi: [] }
  const peaks: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const own = timed(ours, env)
    times.ours.push(own.ms)
    const { machines, peakKilobytes } = JSON.parse(own.output) as { machines: number; peakKilobytes: number }
    if (machines !== MACHINES) throw new Error(`${machines} machines instead of ${MACHINES}`)
    peaks.push(peakKilobytes / 1024)
    times.curl.push(timed(peers.curl, env).ms)
    for (const peer of ['govmomi', 'pyvmomi'] as const) {
      const { ms, output } = timed(peers[peer], peerEnv)
      if (Number(output) !== MACHINES) throw new Error(`${peer} found ${output} machines`)
      times[peer].push(ms)
    }
  }
  const value = median(times.ours)
  for (const peer of ['curl', 'govmomi', 'pyvmomi'] as const) {
    const theirs = median(times[peer])
    const peerName = peer === 'curl' ? 'curl of the same request' : peer
    report({ name, value, peer: theirs, ratio: value / theirs, bar: BARS[peer], unit: 'ms', peerName })
  }
  const peak = median(peaks)
  report({
    name: `${name}: peak memory`,
    value: peak,
    peer: 0,
    ratio: peak,
    bar: MEMORY_BAR_MIB,
    unit: 'MiB',
    peerName: '',
  })
}

function timed(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
): { readonly ms: number; readonly output: string } {
  const started = performance.now()
  const output = execFileSync(program, args, { env, encoding: 'utf8' })
  return { ms: performance.now() - started, output }
}
