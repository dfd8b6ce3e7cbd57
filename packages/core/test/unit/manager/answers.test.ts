import { exitClass, VmunitError } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { parseInput } from '../../../src/manager/parse-input.ts'

function failed(...statuses: readonly string[]): VmunitError {
  return new VmunitError('ERR_RUN_FAILED', 'x', { details: { outcomes: statuses.map((status) => ({ status })) } })
}

describe('exitClass', () => {
  it.for<readonly [string, unknown, number]>([
    ['a result', { outcomes: [], warnings: [] }, 0],
    ['a result without warnings', { version: 2 }, 0],
    ['no result', undefined, 0],
    ['nothing', null, 0],
    ['a result with a warning', { warnings: ['vmgroup_1 bears a fault mark'] }, 1],
    ['a claim of another run', new VmunitError('ERR_CLAIMED', 'x'), 2],
    ['a run that another process moves', new VmunitError('ERR_LOCKED', 'x'), 2],
    ['a run in which everything failed', failed('failed', 'notStarted'), 64],
    ['a run in which some failed', failed('failed', 'changed'), 1],
    ['a failed run of which nothing else is known', new VmunitError('ERR_RUN_FAILED', 'x'), 64],
    ['a foreign error', new TypeError('x'), 64],
  ])('of %s', ([, result, expected]) => {
    expect(exitClass(result)).toBe(expected)
  })
})

describe('what is wrong with an input', () => {
  const parser = z.strictObject({
    list: z.array(z.int().min(0).max(9)).min(1).max(2).default([1]),
    command: z.tuple([z.string().min(1)], z.string()).optional(),
    power: z.enum(['on', 'off']).optional(),
    protocol: z.literal('API').optional(),
    address: z.ipv4().optional(),
    own: z.string().regex(/^a/, 'must begin with an a').optional(),
  })

  it.for<readonly [unknown, string]>([
    [undefined, 'it is missing'],
    [null, 'it must be an object, not null'],
    [{ wave: 1, group: 2 }, 'it knows no field "wave", "group"'],
    [{ list: 'x' }, 'list: must be a list, not a string'],
    [{ list: [] }, 'list: must have at least 1 item'],
    [{ list: [1, 2, 3] }, 'list: must have at most 2 items'],
    [{ list: [-1] }, 'list.0: must be 0 or more'],
    [{ list: [10] }, 'list.0: must be 9 or less'],
    [{ list: [1.5] }, 'list.0: must be a whole number, not a number'],
    [{ command: 'dnf' }, 'command: must be a list, not a string'],
    [{ command: [''] }, 'command.0: must have at least 1 character'],
    [{ power: 'up' }, 'power: must be one of "on", "off"'],
    [{ protocol: 'CLI' }, 'protocol: must be "API"'],
    [{ address: 'ap01' }, 'address: must be an IPv4 address'],
    [{ own: 'b' }, 'own: must begin with an a'],
  ])('%j is told in plain words', ([value, expected]) => {
    expect(() => parseInput(parser, value, 'roll')).toThrowError(`The input of roll is not acceptable: ${expected}.`)
  })
})

describe('parseInput', () => {
  const parser = z.strictObject({ unit: z.string(), waves: z.array(z.strictObject({ groups: z.int() })) })
  const errorOf = (value: unknown): VmunitError => {
    try {
      parseInput(parser, value, 'roll')
    } catch (error) {
      return error as VmunitError
    }
    throw new Error('it was accepted')
  }

  it('passes on what is acceptable', () => {
    expect(parseInput(parser, { unit: 'a', waves: [] }, 'roll')).toEqual({ unit: 'a', waves: [] })
  })

  it('names the first problem with its path, and lists them all', () => {
    const error = errorOf({ unit: 1, waves: [{ groups: 'x' }] })
    expect(error).toMatchObject({
      code: 'ERR_INVALID_INPUT',
      message: expect.stringMatching(/^The input of roll is not acceptable: unit: .*, and 1 more\.$/),
      details: { issues: [{ path: 'unit' }, { path: 'waves.0.groups' }] },
    })
  })

  it('says "it" of the whole input, and reports members that nobody knows', () => {
    expect(errorOf('text').message).toBe('The input of roll is not acceptable: it must be an object, not a string.')
    expect(errorOf({ unit: 'a', waves: [], allowOutages: true }).message).toBe(
      'The input of roll is not acceptable: it knows no field "allowOutages".',
    )
  })
})
