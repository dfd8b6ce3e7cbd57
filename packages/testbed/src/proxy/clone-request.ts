import { type ExtraConfig, readOptions } from './extra-config.ts'
import type { GuestIdentity } from './guest-facts.ts'
import { requestXml } from './request-xml.ts'
import { type Reference, referenceOf, type SoapRequest } from './soap.ts'
import { childOf, childrenOf, contentOf, descend, elementsIn, textOf, type XmlElement } from './xml.ts'

/** What a client asks for with `CloneVM_Task`. */
export interface CloneRequest {
  readonly source: Reference
  readonly folder: Reference
  readonly name: string
  readonly powerOn: boolean
  readonly host: string | undefined
  readonly extraConfig: ExtraConfig
  readonly guest: GuestIdentity | undefined
  /** The call for vcsim, with these `extraConfig` elements and without what the proxy does itself. */
  content(extraConfig: string): string
}

/** The options in a `VirtualMachineConfigSpec`. */
export function optionsIn(xml: string, config: XmlElement | undefined): ExtraConfig {
  if (config === undefined) return {}
  const parts = childrenOf(xml, config, 'extraConfig').map((element) => xml.slice(element.start, element.end))
  return readOptions(parts.join(''))
}

/** A part of a call without some of its elements. */
export function withoutElements(xml: string, parent: XmlElement | undefined, names: readonly string[]): string {
  if (parent === undefined) return ''
  return [...elementsIn(xml, parent.contentStart, parent.contentEnd)]
    .filter(({ name }) => !names.includes(name))
    .map(({ start, end }) => requestXml(xml.slice(start, end)))
    .join('')
}

/** What a `CustomizationSpec` makes of a guest; the networks of its adapters are in the order of the adapters. */
export function readCustomization(
  xml: string,
  specification: XmlElement | undefined,
  networks: readonly string[],
): GuestIdentity | undefined {
  if (specification === undefined) return undefined
  const adapters = childrenOf(xml, specification, 'nicSettingMap').map((map, index) => {
    const address = descend(xml, map, ['adapter', 'ip', 'ipAddress'])
    return {
      network: networks[index] ?? `network ${index}`,
      address: address === undefined ? undefined : textOf(xml, address),
    }
  })
  const hostname = descend(xml, specification, ['identity', 'hostName', 'name'])
  return { adapters, hostname: hostname === undefined ? undefined : textOf(xml, hostname) }
}

export function readClone(request: SoapRequest, networks: readonly string[]): CloneRequest | undefined {
  const { xml, element, target } = request
  const [folder, name] = [childOf(xml, element, 'folder'), childOf(xml, element, 'name')]
  const spec = childOf(xml, element, 'spec')
  if (target === undefined || folder === undefined || name === undefined || spec === undefined) return undefined
  const config = childOf(xml, spec, 'config')
  const powerOn = childOf(xml, spec, 'powerOn')
  const host = descend(xml, spec, ['location', 'host'])
  return {
    source: target,
    folder: referenceOf(xml, folder),
    name: textOf(xml, name),
    powerOn: powerOn !== undefined && contentOf(xml, powerOn).trim() === 'true',
    host: host === undefined ? undefined : textOf(xml, host),
    extraConfig: optionsIn(xml, config),
    guest: readCustomization(xml, childOf(xml, spec, 'customization'), networks),
    content: (extraConfig) => {
      const head = requestXml(xml.slice(folder.start, folder.end)) + requestXml(xml.slice(name.start, name.end))
      const settings = withoutElements(xml, config, ['extraConfig']) + extraConfig
      const rest = withoutElements(xml, spec, ['config', 'customization', 'powerOn'])
      return `${head}<spec>${rest}<config>${settings}</config><powerOn>false</powerOn></spec>`
    },
  }
}
