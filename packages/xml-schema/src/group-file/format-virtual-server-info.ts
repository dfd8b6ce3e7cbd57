import type { GroupDeclaration } from '@vmunit/core'
import { encodeAttribute } from '../xml/references.ts'
import { parseVirtualServerInfo } from './parse-virtual-server-info.ts'
import { GROUP, NAMESPACE, ROOT, SERVER } from './vocabulary.ts'

/**
 * Writes groups as a virtual server group information file, which reads back as the same groups.
 *
 * @throws {@link VmunitError} what {@link parseVirtualServerInfo} throws for the file, when no valid file can hold
 * the groups: without servers, with an address twice, with characters that XML does not have.
 */
export function formatVirtualServerInfo(groups: readonly GroupDeclaration[]): string {
  const lines = ['<?xml version="1.0" encoding="utf-8"?>', `<${ROOT} xmlns="${NAMESPACE}">`]
  for (const { name, servers } of groups) {
    lines.push(`  <${GROUP}${attribute('name', name)}>`)
    for (const { tierId, address, port, serviceAddress } of servers) {
      const required = attribute('tier', tierId) + attribute('ip', address) + attribute('port', String(port))
      const service = serviceAddress === undefined ? '' : attribute('serviceip', serviceAddress)
      lines.push(`    <${SERVER}${required}${service}/>`)
    }
    lines.push(`  </${GROUP}>`)
  }
  lines.push(`</${ROOT}>`, '')
  const xml = lines.join('\n')
  parseVirtualServerInfo(xml, { maxBytes: Number.POSITIVE_INFINITY })
  return xml
}

function attribute(name: string, value: string): string {
  return ` ${name}="${encodeAttribute(value)}"`
}
