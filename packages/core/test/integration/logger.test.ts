import { type Logger, requestResources, stop } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, storyGroups } from '../support/fleet.ts'
import { UNIT } from '../support/story.ts'
import { until } from '../support/until.ts'

describe('the logger of a manager', () => {
  it('is told which runs begin, by whom, and what becomes of them', async () => {
    const told: string[] = []
    const at =
      (level: string): Logger['info'] =>
      (message, { run: _run, ...fields } = {}) => {
        told.push(`${level} ${message} ${JSON.stringify(fields)}`)
      }
    const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const manager = fleet.another({ logger })
    await manager.execute(stop, { unit: UNIT })
    await until(async () => (told.length === 3 ? true : undefined))
    expect(told.splice(0)).toEqual([
      'info run was created {"operation":"stop","by":"user_a"}',
      'info run is moved here {}',
      'info run is not moved here any more {"result":"ended"}',
    ])
    const request = { kind: 'patchServer', template: 'web-base', version: 1 } as const
    const period = { from: Date.now(), until: Date.now() + 60_000 }
    const run = await manager.start(await manager.plan(requestResources, { request, ...period, by: 'person' }))
    await run.until('waiting')
    await manager.close()
    expect(told.at(-1)).toBe('info run is not moved here any more {"result":"waiting"}')
  })
})
