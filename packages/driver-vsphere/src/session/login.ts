import { VmunitError } from '../errors.ts'
import { faultError } from '../faults/fault-error.ts'
import { methodElement, textElement } from '../soap/element.ts'
import { readDocument } from '../soap/read-document.ts'
import { childOf, type XmlNode } from '../soap/xml-node.ts'
import type { Transport } from '../transport/transport.ts'
import { type Credentials, readSecret } from './credentials.ts'
import { replyOf } from './exchange.ts'
import { type ServiceContent, serviceContentOf } from './service-content.ts'
import { createTryPassword } from './try-password.ts'

/** What logging in needs. */
export interface LoginOptions {
  readonly transport: Transport
  /** Not needed when the transport has a session of its own. */
  readonly credentials: Credentials | undefined
  readonly timeoutMs: number
}

/** An open session. */
export interface OpenSession {
  readonly cookie: string | undefined
  readonly generation: number
}

/** Opens the session of an endpoint, for all callers at once. */
export interface Login {
  generation(): number
  open(): Promise<OpenSession>
  content(): Promise<ServiceContent>
  /** The session of that generation is not valid: the next `open` logs in. */
  lost(generation: number): void
  /** Logs out. */
  close(limitMs: number): Promise<void>
}

const SERVICE = { type: 'ServiceInstance', id: 'ServiceInstance' }

/** Logs in once for everybody who waits for it, and again only after somebody found the session lost. */
export function createLogin({ transport, credentials, timeoutMs }: LoginOptions): Login {
  const tryPassword = createTryPassword()
  let generation = 0
  let isValid = false
  let opening: Promise<OpenSession> | undefined
  let found: Promise<ServiceContent> | undefined
  let cookie: string | undefined

  async function exchange(method: string, body: string, limitMs = timeoutMs): Promise<XmlNode | undefined> {
    const request = { method, body, cookie }
    const answer = await transport.send(request, { timeoutMs: limitMs })
    const reply = await replyOf(request, answer)
    if ('fault' in reply)
      throw faultError(reply.fault, method === 'Login' ? `Login of ${credentials?.username}` : method)
    cookie = answer.cookie ?? cookie
    return childOf(childOf(await readDocument(reply.xml), 'Body')?.children[0], 'returnval')
  }

  function content(): Promise<ServiceContent> {
    const look = async (): Promise<ServiceContent> =>
      serviceContentOf(await exchange('RetrieveServiceContent', methodElement('RetrieveServiceContent', SERVICE, '')))
    found ??= look().catch((error: unknown) => {
      found = undefined
      throw error
    })
    return found
  }

  async function begin(): Promise<OpenSession> {
    if (transport.session !== undefined) {
      if (generation > 0) await transport.session.renew({ timeoutMs })
    } else {
      cookie = undefined
      await logIn((await content()).sessionManager.id)
    }
    generation += 1
    isValid = true
    return { cookie, generation }
  }

  async function logIn(manager: string): Promise<void> {
    if (credentials === undefined) {
      throw new VmunitError('ERR_UNAUTHENTICATED', 'There are no credentials: pass username and password.')
    }
    const password = await readSecret(credentials.password)
    const content = `${textElement('userName', credentials.username)}${textElement('password', password)}`
    const body = methodElement('Login', { type: 'SessionManager', id: manager }, content)
    await tryPassword(password, async () => void (await exchange('Login', body)))
  }

  return {
    generation: () => generation,
    content,
    open() {
      opening ??= begin().catch((error: unknown) => {
        opening = undefined
        throw error
      })
      return opening
    },
    lost(which) {
      // Whoever comes second finds the next session being opened, or open.
      if (which !== generation || !isValid) return
      isValid = false
      opening = undefined
    },
    async close(limitMs) {
      if (transport.session !== undefined || opening === undefined) return
      try {
        await opening
        const { sessionManager } = await content()
        await exchange('Logout', methodElement('Logout', sessionManager, ''), limitMs)
      } catch {
        // The server forgets the session by itself.
      }
    },
  }
}
