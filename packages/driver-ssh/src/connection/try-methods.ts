import type { AnyAuthMethod, AuthHandlerMiddleware } from 'ssh2'

/** The ways to log in that a server was offered, and which ways it would take. */
export interface Attempts {
  readonly handler: AuthHandlerMiddleware
  readonly tried: () => readonly string[]
  readonly allowed: () => readonly string[]
}

/** Offers one way after another, leaving out those that the server does not take. */
export function tryMethods(methods: readonly AnyAuthMethod[]): Attempts {
  const left = [...methods]
  const tried: string[] = []
  let allowed: readonly string[] = []
  const isAllowed = ({ type }: AnyAuthMethod): boolean =>
    allowed.length === 0 || allowed.includes(type === 'agent' ? 'publickey' : type)
  return {
    handler(methodsLeft: readonly string[] | null, _partial, next) {
      allowed = methodsLeft ?? []
      let method = left.shift()
      while (method !== undefined && !isAllowed(method)) method = left.shift()
      if (method !== undefined) tried.push(method.type)
      // ssh2 knows false as the end; its types do not.
      next((method ?? false) as AnyAuthMethod)
    },
    tried: () => tried,
    allowed: () => allowed,
  }
}
