/** A name with or without a prefix, at the beginning of a tag. */
const tagName = /<(\/?)(?:[\w.-]+:)?([\w.-]+)/g
const namespaceDeclaration = /\sxmlns(?::[\w.-]+)?\s*=\s*(?:"[^"]*"|'[^']*')/g
/** The `type` of an instance; types of vim25 begin with a capital letter, those of XML Schema do not. */
const vimType = /(\s)[\w.-]+:type\s*=\s*["'](?:[\w.-]+:)?([A-Z][\w.-]*)["']/g
const schemaType = /(\s)[\w.-]+:type\s*=\s*["'](?:[\w.-]+:)?([a-z][\w.-]*)["']/g

/** A part of a client's call, in the prefixes of our own envelope instead of the client's. */
export function requestXml(part: string): string {
  return part
    .replace(/<[^>]*>/g, (tag) =>
      tag
        .replace(namespaceDeclaration, '')
        .replace(vimType, '$1xsi:type="$2"')
        .replace(schemaType, '$1xsi:type="xsd:$2"'),
    )
    .replace(tagName, '<$1$2')
}
