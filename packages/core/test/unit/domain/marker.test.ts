import { readFileSync } from 'node:fs'
import { sameMarker } from '@vmunit/core'
import * as entry from '@vmunit/core/marker'
import { describe, expect, it } from 'vitest'

const MARKER = { manager: 'vmunit', unit: 'gyoumu_a', slot: 'vmgroup_1/web/0', operationId: 'run/create#1' }

describe('sameMarker', () => {
  it('is true of a copy', () => {
    expect(sameMarker({ ...MARKER }, MARKER)).toBe(true)
  })

  it.each(Object.keys(MARKER))('is false when the markers differ in %s alone', (field) => {
    expect(sameMarker({ ...MARKER, [field]: 'another' }, MARKER)).toBe(false)
  })

  it.each(['none', 'unreadable', undefined] as const)('is false of %s', (found) => {
    expect(sameMarker(found, MARKER)).toBe(false)
  })

  it('has an entry of its own, which loads nothing else', () => {
    expect(entry.sameMarker).toBe(sameMarker)
    const source = readFileSync(new URL('../../../src/domain/marker.ts', import.meta.url), 'utf8')
    expect(source).not.toMatch(/^\s*(?:import|export .* from)\b/m)
  })
})
