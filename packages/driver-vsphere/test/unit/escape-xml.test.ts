import { describe, expect, it } from 'vitest'
import { escapeXml } from '../../src/soap/escape-xml.ts'
import { parseDocument } from '../../src/soap/parse-document.ts'

describe('text in a request', () => {
  it.each(['a & b', '<tag>', '"x"', "it's", ']]>', 'line\nline', 'cr\rlf\r\n', '\t', '日本 😀', ''])(
    '%j arrives as it is',
    (text) => {
      expect(parseDocument(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`).text).toBe(text)
    },
  )

  it.each(['\u0000', '\u0008', '\u001f', '\ufffe', '\ud800', 'x\udc00'])(
    '%j is refused: XML cannot carry it',
    (text) => {
      expect(() => escapeXml(text)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_INPUT' }))
    },
  )
})
