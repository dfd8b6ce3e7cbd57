import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, defaultStateDirectory, ensureVcsim, issueCertificate, startVcsim } from '@vmunit/testbed'
import { median } from '../median.ts'
import type { Report } from '../report.ts'
import { captureInventory } from './captured-request.ts'
import { preparePeers } from './peers.ts'

const MACHINES = 10_000
const ROUNDS = 9
const CHILD = join(import.meta.dirname, 'children', 'read-inventory.mjs')

/** The inventory of 10,000 machines, read by cold processes that alternate. */
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
    const captured = await captureInventory(env)
    const peerEnv = { ...env, VCENTER_PROPERTIES: captured.properties.join(',') }
    const bodyFile = join(directory, 'request.xml')
    writeFileSync(bodyFile, captured.body)
    const curl = [
      'curl',
      '-sS',
      '--fail',
      '--cacert',
      files.ca,
      '-H',
      'content-type: text/xml',
      '-H',
      `cookie: ${captured.cookie}`,
      '--data-binary',
      `@${bodyFile}`,
      '-o',
      join(directory, 'answer.xml'),
      env.VCENTER_URL,
    ]
    const ours = [process.execPath, CHILD]
    const times = { ours: [], curl: [], govmomi: [], pyvmomi: [] } as Record<string, number[]>
    const peaks: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const own = timed(ours, env)
      times['ours']?.push(own.ms)
      const { machines, peakKilobytes } = JSON.parse(own.output) as { machines: number; peakKilobytes: number }
      if (machines !== MACHINES) throw new Error(`${machines} machines instead of ${MACHINES}`)
      peaks.push(peakKilobytes / 1024)
      times['curl']?.push(timed(curl, env).ms)
      for (const peer of ['govmomi', 'pyvmomi'] as const) {
        const { ms, output } = timed(peers[peer], peerEnv)
        if (Number(output) !== MACHINES) throw new Error(`${peer} found ${output} machines`)
        times[peer]?.push(ms)
      }
    }
    const of = (name: string): number => median(times[name] ?? [])
    const name = 'inventory of 10,000 machines, cold process'
    const bars = { curl: 1.5, govmomi: 0.4, pyvmomi: 0.35 }
    for (const [peer, bar] of Object.entries(bars)) {
      const peerName = peer === 'curl' ? 'curl of the same request' : peer
      report({ name, value: of('ours'), peer: of(peer), ratio: of('ours') / of(peer), bar, unit: 'ms', peerName })
    }
    const peak = median(peaks)
    report({ name: `${name}: peak memory`, value: peak, peer: 0, ratio: peak, bar: 100, unit: 'MiB', peerName: '' })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function timed(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
): { readonly ms: number; readonly output: string } {
  const started = performance.now()
  const output = execFileSync(program, args, { env, encoding: 'utf8' })
  return { ms: performance.now() - started, output }
}
