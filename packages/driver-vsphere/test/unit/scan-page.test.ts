import { describe, expect, it } from 'vitest'
import { readPage } from '../../src/properties/read-page.ts'
import { scanPage } from '../../src/properties/scan-page.ts'
import { UnknownShape } from '../../src/soap/unknown-shape.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { randomAnswer } from './random-answer.ts'

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))

function outcome<T>(read: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: read() }
  } catch (error) {
    return { error }
  }
}

describe(`the scanner of property answers (SEED=${SEED})`, () => {
  it('reads 2,000 random answers exactly as the full parser does', () => {
    for (let index = 0; index < 2_000; index += 1) {
      const xml = randomAnswer(SEED + index)
      expect(scanPage(xml), `SEED=${SEED} index ${index}`).toEqual(readPage(xml))
    }
  })

  it('never reads a damaged answer otherwise than the full parser does', () => {
    const random = seededRandom(SEED)
    let refused = 0
    for (let index = 0; index < 4_000; index += 1) {
      const whole = randomAnswer(SEED + index)
      const from = Math.floor(random() * whole.length)
      const damage = ['', '<', '>', '&', '"', '<!-- x -->', '</val>', '<![CDATA[x]]>'][Math.floor(random() * 8)] ?? ''
      const xml = whole.slice(0, from) + damage + whole.slice(from + Math.floor(random() * 8))
      const scanned = outcome(() => scanPage(xml))
      if ('error' in scanned) {
        expect(scanned.error).toBeInstanceOf(UnknownShape)
        refused += 1
        continue
      }
      const parsed = outcome(() => readPage(xml))
      if ('value' in parsed) expect(scanned.value, `SEED=${SEED} index ${index}`).toEqual(parsed.value)
    }
    expect(refused).toBeGreaterThan(1_000)
  })

  it('leaves what it does not know to the full parser', () => {
    const xml = randomAnswer(SEED)
    for (const other of [
      xml.replace('<returnval>', '<returnval> '),
      xml.replace('<returnval>', '<returnval><!-- hidden -->'),
      xml.replace('<soapenv:Body>', '<soapenv:Header/><soapenv:Body>'),
      xml.replace('</returnval>', '<more/></returnval>'),
      xml.slice(0, -20),
    ]) {
      expect(() => scanPage(other)).toThrow(UnknownShape)
    }
  })

  it('reads an answer without objects', () => {
    const empty = '<e:Envelope xmlns:e="x"><e:Body><RetrievePropertiesExResponse xmlns="urn:vim25"/></e:Body></e:Envelope>'
    expect(scanPage(empty)).toEqual({ objects: [], token: undefined })
  })
})
