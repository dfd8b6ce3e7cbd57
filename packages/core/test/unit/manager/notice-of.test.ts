import { groupOfChange, type RunEvent } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { noticeOf } from '../../../src/manager/notices/notice-of.ts'
import { groupNames, syntheticPlan } from '../engine/support/synthetic-plan.ts'

const plan = syntheticPlan({ phases: [{ name: 'roll', groups: groupNames(1) }] })

describe('a notice about a group', () => {
  it.each(['vmgroup_1', 'east:vmgroup_1'])('names %s as it is', (group) => {
    const error = { code: 'ERR_UNAVAILABLE', message: 'no answer', retryable: true, details: {} } as const
    const data = { change: `back:1:${group}`, error } as const
    const event: RunEvent = { type: 'change.failed', data, seq: 7, time: 0, checksum: '' }
    expect(noticeOf({ id: 'run', plan, steps: new Map() }, event)?.subject).toMatch(new RegExp(`^${group} failed in `))
    expect(groupOfChange(data.change)).toBe(group)
  })
})
