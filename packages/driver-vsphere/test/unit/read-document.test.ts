import { describe, expect, it } from 'vitest'
import { parseDocument } from '../../src/soap/parse-document.ts'
import { readDocument } from '../../src/soap/read-document.ts'
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

  it('are refused with a document type, with unknown entities, and when they are no XML', async () => {
    for (const xml of ['<!DOCTYPE a><a/>', '<a>&evil;</a>', '<a><b></a>', '<a/><b/>', '', 'hello', '<a x=1/>']) {
      await expect(readDocument(xml), xml).rejects.toThrow()
    }
  })

  it('are refused when they nest without end', async () => {
    await expect(readDocument('<a>'.repeat(100_000))).rejects.toThrow()
  })
})
