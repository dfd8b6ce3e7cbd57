import { isDeepStrictEqual } from 'node:util'
import { seededRandom } from '@vmunit/testbed'
import { describe, expect, it } from 'vitest'
import type { PropertyObject, PropertyPage } from '../../src/properties/property-object.ts'
import { readPage } from '../../src/properties/read-page.ts'
import { createPageScanner, scanPage } from '../../src/properties/scan-page.ts'
import { UnknownShape } from '../../src/soap/unknown-shape.ts'
import { randomAnswer } from './random-answer.ts'

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))

function outcome<T>(read: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: read() }
  } catch (error) {
    return { error }
  }
}

const same = (object: PropertyObject): PropertyObject => object

/** Compares quickly; tells the difference only where there is one. */
function agree(scanned: PropertyPage, xml: string, index: number): void {
  const parsed = readPage(xml, same)
  if (!isDeepStrictEqual(scanned, parsed)) expect(scanned, `SEED=${SEED} index ${index}`).toEqual(parsed)
}

describe(`the scanner of property answers (SEED=${SEED})`, () => {
  it('reads 1,000 random answers exactly as the full parser does', () => {
    for (let index = 0; index < 1_000; index += 1) {
      const xml = randomAnswer(SEED + index)
      agree(scanPage(xml, same), xml, index)
    }
  })

  it('reads an answer that comes in pieces as it reads it whole', () => {
    const random = seededRandom(SEED)
    for (let index = 0; index < 30; index += 1) {
      const objects = Array.from(
        { length: 200 },
        (_, at) => /<objects>.*<\/objects>/s.exec(randomAnswer(SEED + at))?.[0],
      )
      const xml = randomAnswer(SEED + index).replace('</returnval>', `${objects.join('')}</returnval>`)
      const scanner = createPageScanner(same)
      for (let from = 0; from < xml.length; ) {
        const length = 1 + Math.floor(random() * 20_000)
        scanner.push(xml.slice(from, from + length))
        from += length
      }
      expect(isDeepStrictEqual(scanner.finish(), scanPage(xml, same)), `SEED=${SEED} index ${index}`).toBe(true)
    }
  })

  it('never reads a damaged answer otherwise than the full parser does', () => {
    const random = seededRandom(SEED)
    let refused = 0
    for (let index = 0; index < 2_000; index += 1) {
      const whole = randomAnswer(SEED + index)
      const from = Math.floor(random() * whole.length)
      const damage = ['', '<', '>', '&', '"', '<!-- x -->', '</val>', '<![CDATA[x]]>'][Math.floor(random() * 8)] ?? ''
      const xml = whole.slice(0, from) + damage + whole.slice(from + Math.floor(random() * 8))
      const scanned = outcome(() => scanPage(xml, same))
      if ('error' in scanned) {
        expect(scanned.error).toBeInstanceOf(UnknownShape)
        refused += 1
        continue
      }
      const parsed = outcome(() => readPage(xml, same))
      if ('value' in parsed) agree(scanned.value, xml, index)
    }
    expect(refused).toBeGreaterThan(500)
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
      expect(() => scanPage(other, same)).toThrow(UnknownShape)
    }
  })

  it('reads an answer without objects', () => {
    const empty =
      '<e:Envelope xmlns:e="x"><e:Body><RetrievePropertiesExResponse xmlns="urn:vim25"/></e:Body></e:Envelope>'
    expect(scanPage(empty, same)).toEqual({ objects: [], token: undefined })
  })
})
