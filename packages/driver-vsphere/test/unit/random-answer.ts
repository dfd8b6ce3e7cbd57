import { seededRandom } from '@vmunit/testbed'

const TEXTS = [
  '',
  'web-1',
  'a &amp; b',
  '&lt;tag&gt;',
  '&#34;x&#34;',
  '日本',
  '😀',
  'two\nlines',
  '127.0.0.1',
  '&#x41;',
  "it's",
  ']]&gt;',
]
const PATHS = [
  'name',
  'runtime.powerState',
  'config.extraConfig[&#34;vmunit.marker&#34;]',
  'config.extraConfig["a.b"]',
  'guest.net',
]
const TYPES = ['xsd:string', 'xsd:boolean', 'VirtualMachinePowerState', 'ArrayOfOptionValue']

/** An answer as vCenter or vcsim write it, with some of everything that may stand in one. */
export function randomAnswer(seed: number): string {
  const random = seededRandom(seed)
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T
  const some = (max: number, make: () => string): string =>
    Array.from({ length: Math.floor(random() * (max + 1)) }, make).join('')
  const isGo = random() < 0.5
  const typed = (type: string): string =>
    isGo
      ? ` xmlns:_XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance" _XMLSchema-instance:type="${type}"`
      : ` xsi:type="${type}"`
  const nested = (depth: number): string => {
    const content = depth === 0 || random() < 0.4 ? pick(TEXTS) : some(3, () => nested(depth - 1))
    return random() < 0.1 ? '<empty/>' : `<child${random() < 0.3 ? typed('OptionValue') : ''}>${content}</child>`
  }
  const value = (): string => {
    const kind = random()
    if (kind < 0.5) return `<val${typed(pick(TYPES))}>${pick(TEXTS)}</val>`
    if (kind < 0.6)
      return `<val type="HostSystem"${typed('ManagedObjectReference')}>host-${Math.floor(random() * 99)}</val>`
    if (kind < 0.65) return `<val${typed('ArrayOfGuestNicInfo')}/>`
    // A value in a value, as a change or a pair of key and value has it.
    if (kind < 0.75) return `<val${typed('KeyAnyValue')}><val${typed('xsd:string')}>${pick(TEXTS)}</val></val>`
    return `<val${typed('ArrayOfGuestNicInfo')}>${some(3, () => nested(3))}</val>`
  }
  const missing = (): string =>
    `<missingSet><path>${pick(PATHS)}</path><fault><fault${typed('NoPermission')}><privilegeId>System.Read</privilegeId></fault><localizedMessage>${pick(TEXTS)}</localizedMessage></fault></missingSet>`
  const object = (): string => {
    const properties = PATHS.filter(() => random() < 0.6).map(
      (path) => `<propSet><name>${path}</name>${value()}</propSet>`,
    )
    return `<objects><obj type="VirtualMachine">vm-${Math.floor(random() * 1e4)}</obj>${properties.join('')}${random() < 0.2 ? missing() : ''}</objects>`
  }
  const token = random() < 0.2 ? `<token>${pick(TEXTS)}</token>` : ''
  const body = `<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval>${token}${some(6, object)}</returnval></RetrievePropertiesExResponse>`
  const envelope = `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`
  return `<?xml version="1.0" encoding="UTF-8"?>\n${envelope}<soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`
}
