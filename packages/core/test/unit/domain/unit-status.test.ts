import { describe, expect, it } from 'vitest'
import type { VirtualServer } from '../../../src/domain/management-unit.ts'
import type { LogicalStatus } from '../../../src/domain/server-status.ts'
import { byAddress, hintOf, type Observation, type ObservedStatus } from '../../../src/domain/unit-status.ts'

const LOGICAL: readonly LogicalStatus[] = [
  'initial',
  'stopped',
  'working',
  'updating',
  'starting',
  'stopping',
  'fault(updating)',
  'fault(starting)',
  'fault(stopping)',
]
const OBSERVED: readonly ObservedStatus[] = ['working', 'stopped', 'operating', 'missing', 'unknown']

function serverIn(status: LogicalStatus, traffic: VirtualServer['traffic']) {
  return { status, traffic }
}

function seen(status: ObservedStatus, more: Partial<Observation> = {}): Observation {
  const machine = status === 'missing' ? 'missing' : 'on'
  return { status, machine, access: 'online', balancer: 'none', ...more }
}

describe('the hint of a fault', () => {
  it('is there for every fault, whatever is seen', () => {
    for (const status of LOGICAL.filter((one) => one.startsWith('fault'))) {
      for (const observed of OBSERVED) expect(hintOf(serverIn(status, 'none'), seen(observed))).toBe(`is ${status}`)
    }
  })

  // Row: what was last done with it. Column: working, stopped, operating, missing, unknown. `!`: a hint.
  it.each<readonly [LogicalStatus, string]>([
    ['initial', '!..!.'],
    ['stopped', '!..!.'],
    ['working', '.!!!!'],
    ['updating', '...!.'],
    ['starting', '...!.'],
    ['stopping', '...!.'],
  ])('%s: %s', (status, expected) => {
    const hints = OBSERVED.map((observed) =>
      hintOf(serverIn(status, 'none'), seen(observed)) === undefined ? '.' : '!',
    )
    expect(hints.join('')).toBe(expected)
  })

  it.each<readonly [VirtualServer['traffic'], Observation['balancer'], boolean]>([
    ['in', 'unblocked', false],
    ['in', 'blocked', true],
    ['in', 'unknown', false],
    ['in', 'none', false],
    ['out', 'unblocked', true],
    ['out', 'blocked', false],
    ['none', 'unblocked', true],
    ['none', 'blocked', false],
    ['none', 'none', false],
  ])('traffic %s, and the balancer says %s: %s', (traffic, balancer, isHint) => {
    expect(hintOf(serverIn('working', traffic), seen('working', { balancer })) !== undefined).toBe(isHint)
  })

  it('names the cause', () => {
    const working = serverIn('working', 'none')
    expect(hintOf(working, seen('stopped', { machine: 'suspended' }))).toBe('should work, but its machine is suspended')
    expect(hintOf(working, seen('stopped', { problem: '"x" ended with exit code 1' }))).toBe(
      'should work, but "x" ended with exit code 1',
    )
    expect(hintOf(working, seen('unknown'))).toBe('should work, but nobody knows whether it does')
  })
})

describe('the order of addresses', () => {
  it('goes by number', () => {
    const addresses = ['192.168.1.10', '192.168.1.9', '10.0.0.200', '192.168.0.255', '255.255.255.255', '9.9.9.9']
    expect(addresses.map((address) => ({ address })).toSorted(byAddress)).toEqual(
      ['9.9.9.9', '10.0.0.200', '192.168.0.255', '192.168.1.9', '192.168.1.10', '255.255.255.255'].map((address) => ({
        address,
      })),
    )
  })
})
