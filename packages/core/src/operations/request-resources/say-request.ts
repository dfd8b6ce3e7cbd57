import type { ResourceRequest } from '../../domain/resource-request.ts'
import { assertNever } from '../../internal/assert-never.ts'

export interface Period {
  /** Milliseconds since 1970. */
  readonly from: number
  readonly until: number
}

/** The request as a letter to the resource manager would say it. */
export function sayRequest(request: ResourceRequest, { from, until }: Period): string {
  return `${wish(request)}, from ${new Date(from).toISOString()} until ${new Date(until).toISOString()}`
}

function wish(request: ResourceRequest): string {
  switch (request.kind) {
    case 'patchServer':
      return `Provide a server for patching template ${request.template} (version ${request.version}), with access to the template`
    case 'registerTemplate': {
      const old = request.deleteVersion === undefined ? '' : `, and delete its version ${request.deleteVersion}`
      return `Register server ${request.server} as the next version of template ${request.template}${old}`
    }
    case 'provideServers': {
      const groups = request.groups.map(
        ({ name, servers }) => `${name} (${servers.map(({ tierId }) => tierId).join(', ')})`,
      )
      return `Provide servers made from template ${request.template} (version ${request.version}) for unit ${request.unit}: ${groups.join('; ')}`
    }
    case 'takeBack':
      return `Take the servers ${request.addresses.join(', ')} of unit ${request.unit} back`
    default:
      return assertNever(request, 'kind of request')
  }
}
