import { checkCredentials, endpointUrl, serverTrust } from './check-options.ts'
import { createVsphereDriver } from './create-driver.ts'
import type { VsphereConnection, VsphereOptions } from './options.ts'
import { createSession } from './session/session.ts'
import { createHttpsTransport } from './transport/https-transport.ts'
import type { Transport } from './transport/transport.ts'
import type { VsphereDriver } from './vsphere-driver.ts'

const DEFAULTS = {
  timeoutMs: 60_000,
  outageMs: 300_000,
  keepAliveMs: 240_000,
  connections: 64,
  maxAnswerBytes: 256 * 1024 * 1024,
} as const

/**
 * Connects to a vCenter and logs in.
 *
 * One session serves all calls; when vCenter ends it, the driver logs in again by itself, asking `password` anew. Nothing
 * is sent before the server has proved itself by `ca`, `fingerprint` or the authorities that Node trusts. The one who
 * connects closes: `close` logs out and ends what is pending.
 *
 * @throws VmunitError `ERR_UNAUTHENTICATED` when the credentials are refused; `ERR_CERTIFICATE`
 * when the server does not prove itself; `ERR_UNAVAILABLE`, retryable, when nothing answers; `ERR_INVALID_INPUT` for a
 * URL that would carry the password in the clear. A wrong argument type is a `TypeError`.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs'
 * import { connectVsphere } from '@vmunit/driver-vsphere'
 *
 * await using hypervisor = await connectVsphere({
 *   url: 'https://vcenter.example.com/sdk',
 *   username: 'vmunit@vsphere.local',
 *   password: () => process.env['VCENTER_PASSWORD'] ?? '',
 *   ca: readFileSync('vcenter-ca.pem', 'utf8'),
 *   networks: {
 *     management: { portGroup: 'management', subnetMask: '255.255.255.0', gateway: '192.168.1.1' },
 *     service: { portGroup: 'service', subnetMask: '255.255.255.0' },
 *   },
 * })
 * const { machines } = await hypervisor.inventory({ unit: 'gyoumu_a' })
 * ```
 */
export async function connectVsphere(options: VsphereOptions): Promise<VsphereDriver> {
  if (typeof options !== 'object' || options === null) throw new TypeError('connectVsphere takes an object of options.')
  const { timeoutMs = DEFAULTS.timeoutMs, keepAliveMs = DEFAULTS.keepAliveMs, outageMs = DEFAULTS.outageMs } = options
  const own = 'transport' in options ? undefined : options
  const transport = 'transport' in options ? options.transport : ownTransport(options)
  const session = createSession({ transport, credentials: own, timeoutMs, keepAliveMs })
  try {
    await session.open()
    return await createVsphereDriver(session, { ...options, outageMs })
  } catch (error) {
    await session.close()
    throw error
  }
}

function ownTransport(options: VsphereConnection): Transport {
  checkCredentials(options)
  const { connections = DEFAULTS.connections, maxAnswerBytes = DEFAULTS.maxAnswerBytes } = options
  const url = endpointUrl(options)
  return createHttpsTransport({ url, trust: serverTrust(options), connections, maxAnswerBytes })
}
