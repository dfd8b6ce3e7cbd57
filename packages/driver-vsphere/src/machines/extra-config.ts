import type { PropertyObject } from '../properties/property-object.ts'
import { textElement, typedElement } from '../soap/element.ts'
import { escapeXml } from '../soap/escape-xml.ts'
import { childText, type XmlNode } from '../soap/xml-node.ts'
import { READ_KEYS } from './keys.ts'

/** The property that holds everything. */
export const ALL_EXTRA_CONFIG = 'config.extraConfig'

/** The properties that hold only the keys that the driver reads: a machine may have a hundred others. */
export const KEYED_EXTRA_CONFIG: readonly string[] = READ_KEYS.map((key) => `${ALL_EXTRA_CONFIG}["${key}"]`)

/** The values of the driver's keys, however they were read. */
export function extraConfigOf({ properties }: PropertyObject): ReadonlyMap<string, string> {
  const all = properties.get(ALL_EXTRA_CONFIG)?.children
  const options = all ?? KEYED_EXTRA_CONFIG.flatMap((path) => properties.get(path) ?? [])
  return new Map(options.map(optionOf))
}

function optionOf(option: XmlNode): [string, string] {
  return [childText(option, 'key') ?? '', childText(option, 'value') ?? '']
}

/** Values to write, as they stand in a `VirtualMachineConfigSpec`. An empty value takes the key out. */
export function extraConfigElements(values: Readonly<Record<string, string>>): string {
  const options = Object.entries(values).map(([key, value]) => {
    const typed = typedElement('value', 'xsd:string', escapeXml(value))
    return `<extraConfig xsi:type="OptionValue">${textElement('key', key)}${typed}</extraConfig>`
  })
  return options.join('')
}
