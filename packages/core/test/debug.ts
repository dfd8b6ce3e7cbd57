import { createFleet, storyGroups, TIERS } from './support/fleet.ts'
import { memoryDefinition } from './support/memory-definition.ts'
import { importDefinition, attachGroups, updateUnit, start, patchTemplate, applyTemplate, formatPlan, type Operation } from '@vmunit/core'
const fleet = await createFleet()
const { manager } = fleet
async function go(op: Operation<any, any>, input: unknown) {
  const plan = await manager.plan(op, input)
  console.log(formatPlan(plan))
  const run = await manager.start(plan)
  const t = setTimeout(async () => { console.log(await run.state()); for await (const e of run.events({follow:false})) console.log(e.seq,e.type, JSON.stringify(e.data).slice(0,300)); process.exit() }, 6000)
  try { return await run.result() } catch (e) { console.error(e);  for await (const e of run.events({follow:false})) if (e.type!=='run.created') console.log(e.seq,e.type, JSON.stringify(e.data).slice(0,300)); process.exit() } finally { clearTimeout(t) }
}
await fleet.provide(storyGroups(), 'gyoumu_a')
await manager.units.create({ name: 'gyoumu_a', hypervisor: 'main' })
const { hash } = await manager.definitions.add(memoryDefinition(TIERS, {'hook/pre-setup': '#!/bin/sh\ntouch /var/lib/prepared'}))
await go(importDefinition, { unit: 'gyoumu_a', definition: hash })
await go(attachGroups, { unit: 'gyoumu_a', groups: storyGroups(), adopt: true })
await go(updateUnit, { unit: 'gyoumu_a' })
await go(start, { unit: 'gyoumu_a' })
const { version } = await go(patchTemplate, { template: 'web-base', commands: [['dnf', '-y', 'upgrade']] })
console.log(await go(applyTemplate, { unit: 'gyoumu_a', template: version, allowOutage: true }))
process.exit()
