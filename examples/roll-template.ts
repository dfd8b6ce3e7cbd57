// Rolls a template over a unit in waves: a canary that is watched, a question to people, then the rest.
import { applyTemplate, createManager, formatPlan, groupOfChange, isVmunitError, patchTemplate } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld } from '@vmunit/core/testing'
import { buildSmallFleet } from './support/small-fleet.ts'

await using world = createWorld({ latencyMs: { create: 100, power: 50 } })
await using store = openSqliteStore(':memory:')
await using manager = createManager({
  hypervisors: { main: world.hypervisor },
  balancers: { edge: world.balancer },
  guests: world.guests,
  store,
  principal: { name: 'user_a', role: 'builder' },
  timing: { pollMs: 50 },
})
await buildSmallFleet(world, manager)

// The template is patched once, on a machine of its own. No server notices.
const security = [['dnf', '-y', 'upgrade', '--security']] as const
const { version } = await manager.execute(patchTemplate, { template: 'web-base', commands: security })

// The first wave is the canary: one group, and its place is free only when it has served for a second (minutes, in
// real life). Then somebody is asked, and the rest goes one after another.
const gate = { kind: 'approval', text: 'Is the canary well?' } as const
const waves = [
  { groups: 1, soakMs: 1_000 },
  { groups: 1, gate },
] as const
const plan = await manager.plan(applyTemplate, { unit: 'gyoumu_a', template: version, waves })
console.log(`${formatPlan(plan)}\n`)

// Whoever answers is a second person: nobody approves the own work.
const reviewer = manager.as({ name: 'user_b', role: 'administrator' })
const run = await manager.start(plan)
for await (const { type, data } of run.events()) {
  if (type === 'change.began') console.log(`${groupOfChange(data.change)} goes out of service`)
  if (type === 'change.done') console.log(`${groupOfChange(data.change)} serves on the new version`)
  if (type !== 'gate.asked') continue
  console.log(`user_b is asked: ${gate.text}`)
  await reviewer.answer(data.request, { approve: true, planHash: plan.hash, note: 'no errors in the log' })
}
for (const { server, status } of (await run.result()).outcomes) console.log(`${server}: ${status}`)

// A version whose application does not start gets no further than the canary, which goes back to its old machine.
const broken = [['touch', '/etc/application.broken']] as const
const { version: bad } = await manager.execute(patchTemplate, { template: 'web-base', commands: broken })
const failed: unknown = await manager
  .execute(applyTemplate, { unit: 'gyoumu_a', template: bad, waves: [{ groups: 1 }] })
  .catch((error: unknown) => error)
if (isVmunitError(failed, 'ERR_RUN_FAILED')) console.log(`\nweb-base ${bad.version}: ${failed.message}`)

const { groups } = await manager.units.get('gyoumu_a')
for (const { servers, quarantine } of groups) {
  for (const { slot, status, traffic, templateVersion } of servers) {
    console.log(`${slot}: ${status}, traffic ${traffic}, made from web-base ${templateVersion}`)
  }
  for (const { slot, reason } of quarantine) console.log(`  kept for inspection, of ${slot}: ${reason}`)
}
