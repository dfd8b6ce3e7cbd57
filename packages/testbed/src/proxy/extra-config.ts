import type { DirectClient } from './direct-client.ts'
import type { Reference } from './soap.ts'
import { childOf, elementsIn, escapeXml, textOf } from './xml.ts'

export type ExtraConfig = Readonly<Record<string, string>>

/** What vcsim writes into every machine by itself. */
const ofSimulator = 'govcsim'

/** Reads a list of `OptionValue`, whatever its elements are called. */
export function readOptions(xml: string, start?: number, end?: number): ExtraConfig {
  const options: Record<string, string> = {}
  for (const element of elementsIn(xml, start, end)) {
    const [key, value] = [childOf(xml, element, 'key'), childOf(xml, element, 'value')]
    if (key !== undefined) options[textOf(xml, key)] = value === undefined ? '' : textOf(xml, value)
  }
  return options
}

/** The content of an `OptionValue`; the value is XML. */
function optionContent(key: string, value: string, type = 'xsd:string'): string {
  return `<key>${escapeXml(key)}</key><value xsi:type="${type}">${value}</value>`
}

/** An `extraConfig` element whose value is XML of some type. */
export function optionXml(key: string, value: string, type?: string): string {
  return `<extraConfig xsi:type="OptionValue">${optionContent(key, value, type)}</extraConfig>`
}

export function extraConfigXml(options: ExtraConfig, element = 'extraConfig'): string {
  return Object.entries(options)
    .map(([key, value]) => optionContent(key, escapeXml(value)))
    .map((content) => `<${element} xsi:type="OptionValue">${content}</${element}>`)
    .join('')
}

/** What is left of some options when others are written over them: an empty value takes a key out, as in vCenter. */
export function mergeOptions(before: ExtraConfig, written: ExtraConfig): ExtraConfig {
  return Object.fromEntries(Object.entries({ ...before, ...written }).filter(([, value]) => value !== ''))
}

export async function readExtraConfig(direct: DirectClient, machine: Reference): Promise<ExtraConfig> {
  const [object] = await direct.read('VirtualMachine', ['config.extraConfig'], [machine.value])
  return readOptions(object?.properties.get('config.extraConfig') ?? '')
}

/** The options that a copy of a machine starts with. */
export function copiedOptions(source: ExtraConfig): ExtraConfig {
  const { [ofSimulator]: _, ...copied } = source
  return copied
}

/**
 * The `extraConfig` elements of a reconfiguration that do on this vcsim what vCenter does.
 *
 * 0.24 adds every entry to those that are there, even of the same key; there the whole list is set anew through its
 * `SET.` door to any property. Later ones keep an empty value under a key that was not there.
 */
export function writtenOptionsXml(before: ExtraConfig, written: ExtraConfig, appends: boolean): string {
  if (appends) {
    const all = extraConfigXml(mergeOptions(before, written), 'OptionValue')
    return optionXml('SET.config.extraConfig', all, 'ArrayOfOptionValue')
  }
  const known = Object.entries(written).filter(([key, value]) => value !== '' || key in before)
  return extraConfigXml(Object.fromEntries(known))
}
