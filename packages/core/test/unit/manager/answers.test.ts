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
    expect(errorOf('text').message).toMatch(/not acceptable: it: /)
    expect(errorOf({ unit: 'a', waves: [], allowOutages: true }).message).toContain('allowOutages')
  })
})
