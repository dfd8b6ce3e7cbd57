import { createManager } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { connectWorld } from '@vmunit/core/testing'
import { addressPool } from '../support/addresses.ts'
import { endWithParent } from '../support/end-with-parent.ts'
import { createLife } from '../support/life.ts'
import { live } from '../support/living.ts'
import { mortal, mortalGuests, mortalStore } from '../support/mortal.ts'
import type { MortalTask } from '../support/mortal-process.ts'
import { scenarioNamed } from '../support/scenarios.ts'
import { TIMING } from '../support/timing.ts'

// A manager that begins a scenario and is ended by SIGKILL at an appointed moment: node mortal-manager.ts <task as JSON>
endWithParent()
const task = JSON.parse(process.argv[2] ?? '') as MortalTask
const { death, nextDefinition, script } = task

function kill(): void {
  const now = (): boolean => process.kill(process.pid, 'SIGKILL')
  // A request is on its way when it has left this process; nothing else gets through in the meantime.
  if (death.type === 'duringCall') setTimeout(now, 2)
  else now()
}

const life = createLife(death, { onKill: kill })
if (death.type === 'after') setTimeout(() => life.kill(), death.number)
const world = await connectWorld(task.socket, { caller: 'manager 0' })
const store = openSqliteStore(task.database)
const manager = createManager({
  hypervisors: { main: mortal(world.hypervisor, life, 'hypervisor') },
  balancers: { edge: mortal(world.balancer, life, 'balancer') },
  guests: mortalGuests(world.guests, life),
  addresses: mortal(addressPool(store), life, 'addresses'),
  store: mortalStore(store, life),
  principal: { name: 'user_a', role: 'builder' },
  timing: TIMING,
})
const [, state] = await live(scenarioNamed(task.scenario), { bases: { nextDefinition, script }, manager, store })
await manager.close()
await store.close()
await world.close()
process.stdout.write(state)
