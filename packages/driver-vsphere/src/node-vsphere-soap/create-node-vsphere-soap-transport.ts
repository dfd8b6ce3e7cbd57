import { VmunitError } from '../errors.ts'
import { createTryPassword } from '../session/try-password.ts'
import type { Transport } from '../transport/transport.ts'
import type { NodeVsphereSoapClient, NodeVsphereSoapOptions } from './client.ts'
import { openChannel } from './open-channel.ts'
import { renewSession } from './renew-session.ts'

/**
 * Makes a transport over a client of the package node-vsphere-soap that the program already holds.
 *
 * The client may still be connecting. Requests use its WSDL, its endpoint and its session, and never its `runCommand`,
 * which ends the process at every SOAP fault. A session that expired is renewed with the client's own credentials, for
 * the client as well. Closing the transport ends what is pending and leaves the client and its session as they are.
 *
 * Compared with the transport of vmunit itself: an aborted request is left alone at once but goes on until vCenter
 * answers, an answer is held in memory as a whole whatever its size, and the way in which the *client* connects
 * stays that of the package: it loads the WSDL first, and a failure there ends the process.
 *
 * @throws VmunitError `ERR_INVALID_INPUT` when the client does not verify certificates and that was not accepted.
 *
 * @example
 * ```ts
 * import { connectVsphere } from '@vmunit/driver-vsphere'
 * import { createNodeVsphereSoapTransport, type NodeVsphereSoapClient } from '@vmunit/driver-vsphere/node-vsphere-soap'
 *
 * declare const client: NodeVsphereSoapClient // new vsphere.Client('vcenter.example', 'vmunit', password, true)
 *
 * const driver = await connectVsphere({ transport: createNodeVsphereSoapTransport(client) })
 * ```
 */
export function createNodeVsphereSoapTransport(
  client: NodeVsphereSoapClient,
  options: NodeVsphereSoapOptions = {},
): Transport {
  if (typeof client?.on !== 'function' || typeof client.connectionInfo?.host !== 'string')
    throw new TypeError('The first argument must be a Client of node-vsphere-soap.')
  if (!client.connectionInfo.sslVerify && options.insecureAcceptAnyCertificate !== true)
    throw new VmunitError(
      'ERR_INVALID_INPUT',
      'The node-vsphere-soap client does not verify certificates. Make it with sslVerify: true as fourth argument, and give Node the CA of vCenter by NODE_EXTRA_CA_CERTS.',
    )
  const channel = openChannel(client, options)
  const tryPassword = createTryPassword()
  return {
    session: { renew: async (bounds) => await renewSession({ client, channel, tryPassword }, bounds) },
    send: async ({ method, body, operationId }, bounds) => {
      const answer = await channel.send({ method, body, operationId }, bounds)
      return { status: answer.status, body: answer.body }
    },
    close: channel.close,
    [Symbol.asyncDispose]: channel.close,
  }
}
