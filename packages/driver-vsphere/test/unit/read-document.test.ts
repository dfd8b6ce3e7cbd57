import { describe, expect, it } from 'vitest'
import { parseDocument } from '../../src/soap/parse-document.ts'
import { readDocument } from '../../src/soap/read-document.ts'
import { readElement } from '../../src/soap/read-element.ts'
import { UnknownShape } from '../../src/soap/unknown-shape.ts'
import { randomAnswer } from './random-answer.ts'

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))

describe(`documents (SEED=${SEED})`, () => {
  it('are read as the full parser reads them', async () => {
    for (let index = 0; index < 500; index += 1) {
      const xml = randomAnswer(SEED + index)
      expect(await readDocument(xml), `index ${index}`).toEqual(parseDocument(xml))
    }
  })

  it('may hold comments and sections, which only the full parser knows', async () => {
    const { children } = await readDocument('<a><!-- no --><b><![CDATA[<x>]]></b></a>')
    expect(children.map(({ name, text }) => [name, text])).toEqual([['b', '<x>']])
  })

  it('are left to the full parser where the name of an attribute is none', async () => {
    for (const xml of ['<a :type="x:B"/>', '<a b:c:type="x:B"/>', '<a b:c:d="x"/>']) {
      expect(() => readElement(xml, 0), xml).toThrow(UnknownShape)
      expect(await readDocument(xml), xml).toEqual(parseDocument(xml))
    }
  })

  it('are refused with a document type, with unknown entities, and when they are no XML', async () => {
    for (const xml of ['<!DOCTYPE a><a/>', '<a>&evil;</a>', '<a><b></a>', '<a/><b/>', '', 'hello', '<a x=1/>']) {
      await expect(readDocument(xml), xml).rejects.toThrow()
    }
  })

  it('are refused when they nest without end', async () => {
    await expect(readDocument('<a>'.repeat(100_000))).rejects.toThrow()
  })
})
