import { describe, expect, it } from 'vitest'
import { checkOwned } from '../../src/machines/check-owned.ts'
import type { MachineConfig, MachineFacts } from '../../src/machines/machine-facts.ts'

const MARKER = { manager: 'm', unit: 'u', slot: 'g/web/0', operationId: 'run/step#1' }
const CONFIG: MachineConfig = {
  instanceUuid: 'uuid',
  changeVersion: undefined,
  isTemplate: false,
  marker: MARKER,
  copiedMarker: undefined,
  image: undefined,
  source: undefined,
  givenAddresses: [],
  hostKeys: [],
  keptHostKeys: [],
  imageHostKeys: [],
}
const FACTS: MachineFacts = {
  id: 'vm-1',
  name: 'web-1',
  power: 'off',
  isConnected: true,
  config: CONFIG,
  host: 'host-1',
  guestAddresses: [],
}

describe('a machine that is to be changed', () => {
  it('is accepted when it bears the marker', () => {
    expect(checkOwned(FACTS, { id: 'vm-1', marker: { ...MARKER } })).toEqual(FACTS)
  })

  it.each([
    ['does not exist', undefined, 'ERR_NOT_FOUND', false],
    ['is a template', { ...FACTS, config: { ...CONFIG, isTemplate: true } }, 'ERR_NOT_FOUND', false],
    ['hides its configuration', { ...FACTS, config: undefined }, 'ERR_UNAVAILABLE', true],
    [
      'is on a host that does not answer, though its configuration is remembered',
      { ...FACTS, isConnected: false },
      'ERR_UNAVAILABLE',
      true,
    ],
    ['bears no marker', { ...FACTS, config: { ...CONFIG, marker: undefined } }, 'ERR_NOT_OWNED', false],
    [
      'bears another marker',
      { ...FACTS, config: { ...CONFIG, marker: { ...MARKER, unit: 'v' } } },
      'ERR_NOT_OWNED',
      false,
    ],
  ] as const)('is refused when it %s', (_, facts, code, retryable) => {
    expect(() => checkOwned(facts, { id: 'vm-1', marker: MARKER })).toThrow(
      expect.objectContaining({ code, retryable }),
    )
  })

  it('is refused with both places to look at when vCenter does not reach it: a machine is also lost with its datastore', () => {
    const lost = { ...FACTS, isConnected: false, config: undefined }
    expect(() => checkOwned(lost, { id: 'vm-1', marker: MARKER })).toThrow('its host host-1 or its datastore')
  })
})
