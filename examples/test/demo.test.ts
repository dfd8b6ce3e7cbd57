import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoProcess, processesOf, runDemo, startDemo } from './support/demo-process.ts'
import { boundMachines, type Remains, readRemains, servingGroups } from './support/end-state.ts'

describe('the demo, piped', () => {
  let directory: string
  let demo: DemoProcess
  let left: readonly number[]
  let remains: Remains

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vmunit-demo-'))
    demo = await runDemo(directory)
    left = await processesOf(directory)
    remains = await readRemains(directory)
  })

  afterAll(async () => await rm(directory, { recursive: true }))

  it('leaves no process behind', () => {
    expect(left).toEqual([])
  })

  it('prints plain lines: the plan, each step, the outcome and the availability', () => {
    const output = demo.output()
    expect(output).not.toContain('\x1b')
    expect(output).toMatch(/192\.168\.1\.101 {2}vmgroup_1\/combined-system01\/0 {2}replace {2}web-base 1 → 2/)
    expect(output).toMatch(/· 192\.168\.1\.103 {2}vmgroup_3\/http-system01\/0 +replace {2}create/)
    expect(output).toMatch(/✓ 192\.168\.1\.104 {2}vmgroup_3\/j2ee-system01\/0 +restart {2}done/)
    expect(output).toContain('gyoumu_a: never fewer than 2 of 3 groups served')
    expect(output).toContain('machines left over: 0')
  })

  it('keeps two groups at work at every change', () => {
    const counts = servingGroups(remains, 'gyoumu_a')
    expect([counts[0], Math.min(...counts), counts.at(-1)]).toEqual([3, 2, 3])
    expect(new Set(servingGroups(remains, 'gyoumu_b'))).toEqual(new Set([2]))
  })

  it('puts every server on a machine that descends from the new version and carries the patch', () => {
    const machines = boundMachines(remains, 'gyoumu_a')
    const lineages = machines.map(({ lineage }) => lineage.map((id) => remains.images.get(id)))
    const fresh = ['web-base 2', 'web-base 1']
    expect(lineages).toHaveLength(4)
    expect(lineages.toSorted((a, b) => b.length - a.length)).toEqual([fresh, fresh, fresh, ['app-base 1']])
    for (const { id, lineage } of machines.filter((machine) => machine.lineage.length === 2)) {
      expect(remains.packages.get(id), lineage.join()).toBe('dnf -y upgrade --security\n')
    }
  })

  it('touches neither the other unit nor machines with look-alike names, and leaves none over', () => {
    const { machines, events } = remains
    const others = boundMachines(remains, 'gyoumu_b')
    expect(others.map(({ lineage }) => lineage.map((id) => remains.images.get(id)))).toEqual([
      ['web-base 1'],
      ['web-base 1'],
    ])
    const strangers = machines.filter(({ marker }) => marker === undefined)
    expect(strangers).toHaveLength(2)
    const calls = events.filter((event) => event.type === 'begun' && event.caller === 'manager')
    const published = events.find((event) => 'call' in event && event.call === 'hypervisor.images.publish')
    const ofOthers = new Set(others.map(({ id }) => id))
    const late = calls.filter(({ seq }) => seq > (published?.seq ?? 0)).map((call) => 'subject' in call && call.subject)
    expect(late.length).toBeGreaterThan(20)
    expect(late.filter((subject) => ofOthers.has(String(subject)))).toEqual([])
    const ids = new Set(strangers.map(({ id }) => id))
    expect(calls.filter((call) => 'subject' in call && ids.has(call.subject))).toEqual([])
    expect(machines).toHaveLength(boundMachines(remains, 'gyoumu_a').length + others.length + strangers.length)
  })

  it('begins anew when it was told to its end', async () => {
    const again = startDemo(directory)
    await again.printed('on failure: go back')
    expect(await again.ended).toBe(0)
    expect(again.output()).not.toContain('An earlier start')
    expect(again.output()).toContain('web-base 1 → 2')
  })
})

describe('the demo, interrupted by Ctrl-C', () => {
  it('pauses at a safe point, says how to go on, and goes on from there', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'vmunit-demo-'))
    const first = startDemo(directory)
    await first.printed('✓ 192.168.1.101')
    first.signal('SIGINT')
    expect(await first.ended, first.output()).toBe(130)
    expect(first.output()).toContain('Paused. Start the demo again')
    expect(first.output()).not.toContain('▸ Outcome')
    expect(await processesOf(directory)).toEqual([])
    const second = await runDemo(directory)
    expect(second.output()).toMatch(/found run \S+ · applyTemplate · paused\n +192\.168\.1\.101 .* ✓ done/)
    expect(Math.min(...servingGroups(await readRemains(directory), 'gyoumu_a'))).toBe(2)
    await rm(directory, { recursive: true })
  })
})
