import { createHash } from 'node:crypto'

/** How an expired session shows: as a fault, or as an answer in which every property is missing. */
export type ExpiryMode = 'fault' | 'missingSet'

/** What the proxy knows of the sessions of its clients; a session lives in its cookie. */
export interface Sessions {
  /** Remembers the cookie that an answer to `Login` sets. */
  opened(setCookie: string): void
  closed(cookie: string | undefined): void
  /** A session that nobody opened is as good as an expired one. */
  stateOf(cookie: string | undefined): 'live' | ExpiryMode
  /** Ends every session of this moment; answers with their cookies. */
  expire(mode: ExpiryMode): readonly string[]
}

const cookieName = 'vmware_soap_session'

/** The session in a `Cookie` or `Set-Cookie` header. */
export function sessionOf(header: string | undefined): string | undefined {
  return new RegExp(`${cookieName}="?([^";]+)`).exec(header ?? '')?.[1]
}

export function sessionHash(cookie: string | undefined): string | undefined {
  const session = sessionOf(cookie)
  return session === undefined ? undefined : createHash('sha256').update(session).digest('hex').slice(0, 12)
}

export function createSessions(): Sessions {
  const states = new Map<string, 'live' | ExpiryMode>()
  return {
    opened: (setCookie) => {
      const session = sessionOf(setCookie)
      if (session !== undefined) states.set(session, 'live')
    },
    closed: (cookie) => {
      states.delete(sessionOf(cookie) ?? '')
    },
    stateOf: (cookie) => states.get(sessionOf(cookie) ?? '') ?? 'fault',
    expire: (mode) => {
      const live = [...states].flatMap(([session, state]) => (state === 'live' ? [session] : []))
      for (const session of live) states.set(session, mode)
      return live.map((session) => `${cookieName}="${session}"`)
    },
  }
}
