import { randomUUID } from 'node:crypto'
import {
  type Authority,
  type CertificateKind,
  createAuthority,
  issueCertificate,
} from '../certificates/certificates.ts'
import { createDirectClient } from '../proxy/direct-client.ts'
import { createPlatform } from '../proxy/platform.ts'
import { type Proxy, startProxy } from '../proxy/start-proxy.ts'
import { createTurns } from '../proxy/turns.ts'
import { type BuildVcsimOptions, buildVcsim } from '../vcsim/build-vcsim.ts'
import { startVcsim } from '../vcsim/start-vcsim.ts'
import { networkNames } from './inventory-places.ts'
import { createVcenterAdmin, type VcenterAdmin } from './vcenter-admin.ts'

export interface VcenterOptions extends BuildVcsimOptions {
  readonly hosts?: number | undefined
  /** Machines that are there from the start, powered on and without addresses. */
  readonly machines?: number | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** What is wrong with its certificate; nothing when left out. */
  readonly certificate?: CertificateKind | undefined
  /** Who issues its certificate; a new authority when left out. */
  readonly authority?: Authority | undefined
  /** A single ESXi host instead of a vCenter. */
  readonly model?: 'vpx' | 'esx' | undefined
  /** How long clones take, in milliseconds; nothing when left out. */
  readonly cloneMs?: number | undefined
  /** Seed of random faults. */
  readonly seed?: number | undefined
}

/** A vCenter to try things on: vcsim, behind a TLS proxy that records, disturbs, and evens out what vcsim lacks. */
export interface Vcenter extends AsyncDisposable {
  /** `https://127.0.0.1:PORT/sdk` */
  readonly url: string
  /** The certificate of its authority, PEM. */
  readonly ca: string
  readonly username: string
  readonly password: string
  /** The version of govmomi behind it. */
  readonly version: string
  /** The process of vcsim. */
  readonly pid: number
  /** The log of calls and the faults. */
  readonly proxy: Proxy
  /** What a person does, past the proxy. */
  readonly hands: VcenterAdmin
  close(): Promise<void>
}

/** Starts a vCenter of its own. Needs `openssl`, and Go when vcsim is not built yet. */
export async function startVcenter(options: VcenterOptions = {}): Promise<Vcenter> {
  const { username = 'administrator@vsphere.local', password = randomUUID() } = options
  const authority = options.authority ?? (await createAuthority())
  const certificate = await issueCertificate(authority, options.certificate)
  const vcsim = await startVcsim(await buildVcsim(options), {
    username,
    password,
    model: options.model,
    hosts: options.hosts,
    machines: options.machines,
    signal: options.signal,
  })
  const turns = createTurns()
  const direct = createDirectClient({ url: vcsim.url, username, password, turns })
  try {
    const platform = createPlatform(direct, turns, vcsim.version)
    const hands = await createVcenterAdmin(platform)
    const proxy = await startProxy({
      upstream: vcsim.url,
      ...certificate,
      seed: options.seed,
      platform,
      networks: networkNames,
      folder: hands.places.folder,
      isEsx: options.model === 'esx',
      cloneMs: options.cloneMs,
    })
    const close = async (): Promise<void> => {
      await proxy.close()
      direct.close()
      await vcsim.close()
    }
    return {
      url: proxy.url.href,
      ca: authority.certificate,
      username,
      password,
      version: vcsim.version,
      pid: vcsim.pid,
      proxy,
      hands,
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    direct.close()
    await vcsim.close()
    throw error
  }
}
