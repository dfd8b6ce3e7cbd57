import { VmunitError } from '../errors.ts'
import type { TryPassword } from '../session/try-password.ts'
import { methodElement, textElement } from '../soap/element.ts'
import type { SendOptions } from '../transport/transport.ts'
import type { NodeVsphereSoapClient } from './client.ts'
import type { Channel, ChannelAnswer } from './open-channel.ts'

/** Whose session is renewed, and over what. */
export interface Renewal {
  readonly client: NodeVsphereSoapClient
  readonly channel: Channel
  readonly tryPassword: TryPassword
}

/**
 * Logs in with the credentials of the client, and gives the client the new session.
 *
 * The client's own reconnect is waited for when it is under way, and never asked for: it ends the process when vCenter
 * does not answer.
 */
export async function renewSession({ client, channel, tryPassword }: Renewal, bounds: SendOptions): Promise<void> {
  if (client.status === 'connecting') {
    await channel.ready(bounds)
    return
  }
  await tryPassword(client.connectionInfo.password, async () => await logIn(client, channel, bounds))
}

async function logIn(client: NodeVsphereSoapClient, channel: Channel, bounds: SendOptions): Promise<void> {
  const { host, user, password } = client.connectionInfo
  const manager = { type: 'SessionManager', id: sessionManager(client) }
  const login = methodElement('Login', manager, textElement('userName', user) + textElement('password', password))
  const answer = await channel.send({ method: 'Login', body: login, anonymous: true }, bounds)
  const cookies = cookiesOf(answer)
  if (answer.status === 200 && cookies !== undefined && client.authCookie !== undefined) {
    client.authCookie.cookies = cookies
    return
  }
  if (Buffer.from(answer.body).includes('InvalidLogin'))
    throw new VmunitError(
      'ERR_UNAUTHENTICATED',
      `vCenter ${host} no longer accepts the user ${user} of the node-vsphere-soap client. Make a new client with credentials that are valid.`,
    )
  throw new VmunitError(
    'ERR_UNAVAILABLE',
    `vCenter ${host} did not let the node-vsphere-soap client log in again (HTTP ${answer.status}). Look at its state.`,
    { retryable: true, details: { status: answer.status } },
  )
}

/** The id that the client got when it connected: ESXi has another one than vCenter. */
function sessionManager({ sessionManager: known }: NodeVsphereSoapClient): string {
  return typeof known === 'object' && known !== null && '$value' in known ? String(known.$value) : 'SessionManager'
}

function cookiesOf({ headers }: ChannelAnswer): string | undefined {
  const given = headers['set-cookie']
  const all = typeof given === 'string' ? [given] : (given ?? [])
  return all.length === 0 ? undefined : all.map((cookie) => cookie.split(';')[0]).join('; ')
}
