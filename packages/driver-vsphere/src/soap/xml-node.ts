/** An element of an answer, without what no answer needs. Prefixes are left out. */
export interface XmlNode {
  readonly name: string
  /** `xsi:type`, without prefix: what the value is. */
  readonly xsiType: string | undefined
  /** The attribute `type` of a reference: what it points to. */
  readonly type: string | undefined
  /** The text directly in it. */
  readonly text: string
  readonly children: readonly XmlNode[]
}

/** The first child of that name. */
export function childOf(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return node?.children.find((child) => child.name === name)
}

/** The text of the first child of that name. */
export function childText(node: XmlNode | undefined, name: string): string | undefined {
  return childOf(node, name)?.text
}

/** Every child of that name. */
export function childrenOf(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  return node?.children.filter((child) => child.name === name) ?? []
}
