import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { startWsdlFront, type WsdlFront } from '@vmunit/testbed'
import type { NodeVsphereSoapClient } from '../../src/node-vsphere-soap/index.ts'

/** A client of the real package, with what a test needs of it beyond what vmunit uses. */
export interface RealClient extends NodeVsphereSoapClient {
  status: string
  readonly connectionInfo: { host: string; user: string; password: string; sslVerify: boolean }
  runCommand(command: string, input: object): EventEmitter
  close(): void
}

/** A client that holds a session, and the front that it talks to. */
export interface OpenClient extends AsyncDisposable {
  readonly client: RealClient
  readonly front: WsdlFront
  /** Logs out, as a program does at its end. */
  close(): Promise<void>
}

/** Where a client connects to. */
export interface ClientTarget {
  readonly url: string | URL
  readonly ca?: string | undefined
  readonly username: string
  readonly password: string
}

type MakeClient = new (host: string, user: string, password: string, sslVerify: boolean) => RealClient

const { Client } = createRequire(import.meta.url)('node-vsphere-soap') as { readonly Client: MakeClient }

/** Connects the real package through a front that serves a WSDL; resolves while the client is still connecting. */
export async function openClient(target: ClientTarget): Promise<OpenClient> {
  const front = await startWsdlFront({ target: target.url, targetCa: target.ca })
  // What NODE_EXTRA_CA_CERTS does, for a CA that exists only now.
  setDefaultCACertificates([...getCACertificates('default'), front.ca])
  const client = new Client(front.host, target.username, target.password, true)

  async function close(): Promise<void> {
    if (client.status === 'ready') {
      const loggedOut = new Promise<void>((resolve) => void client.runCommand('Logout', logout).once('result', resolve))
      await loggedOut
    }
    await front.close()
  }
  return { client, front, close, [Symbol.asyncDispose]: close }
}

const logout = { _this: { attributes: { type: 'SessionManager' }, $value: 'SessionManager' } }

/** Resolves when the client is connected. */
export async function connected({ client }: OpenClient): Promise<void> {
  if (client.status !== 'ready') await new Promise<void>((resolve) => void client.on('ready', () => resolve()))
}
