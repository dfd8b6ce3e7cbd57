import { formatPlan, type Plan, type PlannedServer, type Wave } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { groupNames, syntheticPlan } from '../unit/engine/support/synthetic-plan.ts'

function withServers(plan: Plan, servers: readonly PlannedServer[], more: Partial<Plan> = {}): Plan {
  return { ...plan, servers, ...more, hash: '0123456789abcdef'.repeat(4) }
}

const SERVERS: readonly PlannedServer[] = [
  { server: 'vmgroup_1/combined/0', address: '192.168.1.101', action: 'replace', reason: 'web-base 41 → 42' },
  { server: 'vmgroup_2/combined/0', address: '10.0.0.1', action: 'none', reason: 'is on web-base 42' },
  { server: 'vmgroup_3/web/0', address: '192.168.100.103', action: 'replace', reason: 'web-base 41 → 42、夜間のみ' },
  {
    server: 'vmgroup_3/app/0',
    address: '192.168.1.104',
    action: 'restart',
    reason: '業務サーバ: goes down with its group',
  },
]

const rolled = (waves: readonly Wave[]): Plan =>
  syntheticPlan({ phases: [{ name: 'roll', groups: groupNames(3), waves }] })

const plans: Readonly<Record<string, Plan>> = {
  rolling: withServers(
    syntheticPlan({
      phases: [
        {
          name: 'roll',
          groups: groupNames(3),
          waves: [
            { groups: 1, soakMs: 90_000 },
            { groups: '25%', maxFailures: 1 },
          ],
        },
      ],
      back: [{ name: 'go back', groups: groupNames(3) }],
    }),
    SERVERS,
    {
      operation: { name: 'applyTemplate', version: 1 },
      notes: ['takes the last available group of tier app: no other group stands in for it meanwhile'],
      warnings: ['vmgroup_2 bears a fault mark: ディスク交換待ち'],
      estimate: { steps: 42, durationMs: 210_000 },
    },
  ),
  whole: withServers(
    syntheticPlan({
      phases: ['block', 'stop web', 'stop app', 'shut down', 'create', 'start app', 'start web', 'remove old'].map(
        (name) => ({
          name,
          groups: name === 'stop app' ? ['g1'] : groupNames(3),
        }),
      ),
      back: ['quarantine', 'start old', 'unblock'].map((name) => ({ name, groups: groupNames(3) })),
    }),
    SERVERS,
    {
      operation: { name: 'applyTemplate', version: 1 },
      unit: 'gyoumu_a',
      estimate: { steps: 66, durationMs: 7_500_000 },
    },
  ),
  gates: withServers(
    rolled([
      { groups: 1, gate: { kind: 'until', time: Date.UTC(2027, 3, 1, 18) } },
      { groups: '50%', soakMs: 3_600_000, gate: { kind: 'approval', text: 'go on?' } },
      { groups: '100%' },
    ]),
    SERVERS,
    { estimate: { steps: 1, durationMs: 900 } },
  ),
  surge: withServers(
    rolled([
      { groups: 1, surge: 1 },
      { groups: '100%', surge: '25%', soakMs: 30_000 },
    ]),
    SERVERS,
  ),
  'nothing-to-do': withServers(
    syntheticPlan({ phases: [] }),
    SERVERS.map((server) => ({ ...server, action: 'none' as const })),
  ),
}

describe('a plan as text', () => {
  it.for(Object.entries(plans))('%s', async ([name, plan]) => {
    await expect(`${formatPlan(plan)}\n`).toMatchFileSnapshot(`./format-plan/${name}.golden.txt`)
  })

  it('names every server with its address, action and reason', () => {
    const text = formatPlan(plans['rolling'] as Plan)
    for (const { server, address, action, reason } of SERVERS) {
      const line = text.split('\n').find((one) => one.includes(`${server} `))
      for (const part of [address, action, reason]) expect(line).toContain(part)
    }
  })
})
