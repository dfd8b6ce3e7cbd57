import type { ClientRequest } from 'node:http'
import * as https from 'node:https'
import { endWhenPermitted, type Permission } from '../transport/end-when-permitted.ts'

/**
 * What the package request makes requests with, by protocol: as node:https does, but a request leaves only once its
 * connection stands and it is permitted. The package itself has no such moment.
 */
export function permittedModules(permission: Permission): Readonly<Record<string, object>> {
  return {
    'https:': { ...https, request: (options: https.RequestOptions) => held(https.request(options), permission) },
  }
}

function held(request: ClientRequest, { permit, refuse }: Permission): ClientRequest {
  const parts: Buffer[] = []
  const { end } = request
  let isComplete = false
  return Object.assign(request, {
    write: (part: string | Uint8Array): boolean => {
      parts.push(Buffer.from(part))
      return true
    },
    end: (): ClientRequest => {
      // The package ends a request twice.
      if (isComplete) return request
      isComplete = true
      endWhenPermitted(request, Buffer.concat(parts), {
        permit: () => {
          permit()
          Object.assign(request, { end })
        },
        refuse: (reason) => {
          refuse(reason)
          request.destroy()
        },
      })
      return request
    },
  })
}
