/** An element of a document that stays text: its name without prefix, and where it and its content begin and end. */
export interface XmlElement {
  readonly name: string
  readonly attributes: string
  readonly start: number
  readonly end: number
  readonly contentStart: number
  readonly contentEnd: number
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** The end of the element `name` whose content starts at `from`: elements of the same name may be nested in it. */
function closingTag(xml: string, name: string, from: number): number {
  const close = `</${name}`
  const open = new RegExp(`<${name}(?=[\\s/>])[^>]*>`, 'g')
  let depth = 1
  open.lastIndex = from
  for (let at = xml.indexOf(close, from); at !== -1; at = xml.indexOf(close, at + close.length)) {
    if (!/[\s>]/.test(xml[at + close.length] ?? '')) continue
    for (let match = open.exec(xml); match !== null && match.index < at; match = open.exec(xml)) {
      if (!match[0].endsWith('/>')) depth += 1
    }
    open.lastIndex = at
    depth -= 1
    if (depth === 0) return at
  }
  throw new Error(`<${name}> is not closed`)
}

/** The elements directly inside a stretch of a document, in their order. */
export function* elementsIn(xml: string, start = 0, end: number = xml.length): Generator<XmlElement> {
  let at = xml.indexOf('<', start)
  while (at !== -1 && at < end) {
    const close = xml.indexOf('>', at)
    if (close === -1 || xml[at + 1] === '/') return
    if (xml[at + 1] === '?' || xml[at + 1] === '!') {
      at = xml.indexOf('<', close)
      continue
    }
    const isEmpty = xml[close - 1] === '/'
    const tag = xml.slice(at + 1, isEmpty ? close - 1 : close)
    const name = /^[^\s]+/.exec(tag)?.[0] ?? ''
    const contentEnd = isEmpty ? close + 1 : closingTag(xml, name, close + 1)
    const next = isEmpty ? close + 1 : xml.indexOf('>', contentEnd) + 1
    yield {
      name: localName(name),
      attributes: tag.slice(name.length),
      start: at,
      end: next,
      contentStart: close + 1,
      contentEnd,
    }
    at = xml.indexOf('<', next)
  }
}

/** The first element directly inside another (or the document) with a name. */
export function childOf(xml: string, parent: XmlElement | undefined, name: string): XmlElement | undefined {
  for (const element of elementsIn(xml, parent?.contentStart, parent?.contentEnd)) {
    if (element.name === name) return element
  }
  return undefined
}

/** All elements directly inside another with a name. */
export function childrenOf(xml: string, parent: XmlElement, name: string): readonly XmlElement[] {
  return [...elementsIn(xml, parent.contentStart, parent.contentEnd)].filter((element) => element.name === name)
}

/** Follows names downwards, each time the first that matches. */
export function descend(xml: string, from: XmlElement | undefined, names: readonly string[]): XmlElement | undefined {
  let at = from
  for (const name of names) {
    at = childOf(xml, at, name)
    if (at === undefined) return undefined
  }
  return at
}

/** The content of an element as it stands. */
export function contentOf(xml: string, element: XmlElement): string {
  return xml.slice(element.contentStart, element.contentEnd)
}

/** The text of an element, entities resolved. */
export function textOf(xml: string, element: XmlElement): string {
  return unescapeXml(contentOf(xml, element))
}

/** The value of an attribute without prefix. */
export function attributeOf(element: XmlElement, name: string): string | undefined {
  return new RegExp(`(?:^|\\s)${name}\\s*=\\s*["']([^"']*)["']`).exec(element.attributes)?.[1]
}

/** The `xsi:type` of an element, without prefixes. */
export function typeOf(element: XmlElement): string | undefined {
  return /:type\s*=\s*["'](?:[^"':]*:)?([^"']*)["']/.exec(element.attributes)?.[1]
}

export function unescapeXml(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]+|#\d+|\w+);/g, (whole, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16))
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)))
    return entities[name] ?? whole
  })
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"\r\n\t]/g, (character) => `&#${character.codePointAt(0)};`)
}
