import { quote } from '../issues.ts'
import type { XmlElement } from '../xml/read-document.ts'
import { attributePlace, type Report } from './report.ts'
import { GROUP, ipv4, SERVER } from './vocabulary.ts'

/**
 * Reports each group name and each address that appeared before in the file. Management and service addresses are
 * one set: an address can be only one machine's.
 */
export function findDuplicates(root: XmlElement, report: Report): void {
  const groups = new Map<string, XmlElement>()
  const addresses = new Map<string, XmlElement>()
  for (const group of root.children) {
    if (group.name !== GROUP) continue
    findDuplicateName(group, groups, report)
    for (const server of group.children) if (server.name === SERVER) findDuplicateAddresses(server, addresses, report)
  }
}

function findDuplicateName(group: XmlElement, seen: Map<string, XmlElement>, report: Report): void {
  const name = group.attributes['@name']
  if (name === undefined || name === '') return
  const first = seen.get(name)
  if (first === undefined) {
    seen.set(name, group)
    return
  }
  const message = `the group name ${quote(name)} is taken by ${first.path}, but each group needs its own`
  report({ stage: 'duplicate name', ...attributePlace(group, '@name'), message })
}

function findDuplicateAddresses(server: XmlElement, seen: Map<string, XmlElement>, report: Report): void {
  for (const key of ['@ip', '@serviceip']) {
    const address = server.attributes[key]
    if (address === undefined) continue
    const first = seen.get(address)
    if (first === undefined) seen.set(address, server)
    else if (ipv4.safeParse(address).success) {
      const message = `the address ${address} is taken by ${first.path}, but ip and serviceip must be unique in the file`
      report({ stage: 'duplicate address', ...attributePlace(server, key), message })
    }
  }
}
