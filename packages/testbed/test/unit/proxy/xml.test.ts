import { describe, expect, it } from 'vitest'
import {
  attributeOf,
  childOf,
  contentOf,
  descend,
  elementsIn,
  escapeXml,
  textOf,
  typeOf,
  unescapeXml,
} from '../../../src/proxy/xml.ts'

describe('XML that stays text', () => {
  it('gives the elements of one level, whatever is nested in them', () => {
    const xml =
      '<?xml version="1.0"?>\n<!-- a <b> --><a:list x="1"><item><item>1</item></item><items/><item a="b"/>text<item>2</item></a:list>'
    const [list] = [...elementsIn(xml)]
    expect(list?.name).toBe('list')
    const items = [...elementsIn(xml, list!.contentStart, list!.contentEnd)]
    expect(items.map(({ name }) => name)).toEqual(['item', 'items', 'item', 'item'])
    expect(items.map((item) => contentOf(xml, item))).toEqual(['<item>1</item>', '', '', '2'])
  })

  it('finds children and what is below them', () => {
    const xml = '<a><b><c>x &amp; y</c></b><b><c>second</c></b></a>'
    const c = descend(xml, undefined, ['a', 'b', 'c'])
    expect(textOf(xml, c!)).toBe('x & y')
    expect(childOf(xml, c, 'd')).toBeUndefined()
    expect(descend(xml, undefined, ['a', 'x', 'c'])).toBeUndefined()
  })

  it('tells a type attribute from the type of an instance', () => {
    const [both] = [
      ...elementsIn('<val xmlns:xsi="http://x" xsi:type="v:ManagedObjectReference" type="Folder">f</val>'),
    ]
    expect(attributeOf(both!, 'type')).toBe('Folder')
    expect(typeOf(both!)).toBe('ManagedObjectReference')
    const [one] = [...elementsIn('<obj type="Task">t</obj>')]
    expect(typeOf(one!)).toBeUndefined()
  })

  it('escapes and takes back', () => {
    const text = `a <b> & "c" 'd'\r\n\tü\u{1f600}`
    expect(unescapeXml(escapeXml(text))).toBe(text)
    expect(unescapeXml('&#x41;&#66;&quot;&unknown;')).toBe('AB"&unknown;')
  })

  it('rejects what is not closed', () => {
    expect(() =>
      [...elementsIn('<a><b></a>')].flatMap((a) => [...elementsIn('<a><b></a>', a.contentStart, a.contentEnd)]),
    ).toThrow('not closed')
  })
})
