import assert from 'node:assert/strict'
import type { CreateMachine, Machine } from '../../../ports/index.ts'
import type { HypervisorLab, HypervisorRule } from '../hypervisor-lab.ts'
import { eventually, promptly } from '../promptly.ts'
import { addedIds, allIds, newMachine } from './machines.ts'

async function named(lab: HypervisorLab, name: string): Promise<readonly Machine[]> {
  const { machines } = await lab.driver.inventory({})
  return machines.filter((machine) => machine.name === name)
}

/** Runs `body` while a creation is held in progress, then lets it end and gives the machine. */
async function whileCreating(lab: HypervisorLab, spec: CreateMachine, body: () => Promise<void>): Promise<Machine> {
  await lab.holdCreations(true)
  const creation = lab.driver.create(spec)
  creation.catch(() => {})
  try {
    await body()
  } finally {
    await lab.holdCreations(false)
  }
  return await promptly(lab, creation)
}

/** What is seen of a machine, and what can be asked for, while the platform still creates it. */
export const CREATION_IN_PROGRESS_RULES: readonly HypervisorRule[] = [
  {
    id: 'HV-015',
    text: 'created is busy, never absent, while the platform still creates the machine',
    since: '0.1.0',
    async run(lab) {
      const spec = newMachine(lab)
      const other = await lab.reopen()
      await whileCreating(lab, spec, async () => {
        const look = async (): Promise<string> => (await lab.driver.created(spec)).state
        await eventually(lab, look, (state) => state === 'busy')
        assert.equal(await look(), 'busy')
        assert.equal((await other.created(spec)).state, 'busy')
      })
      assert.equal((await lab.driver.created(spec)).state, 'done')
    },
  },
  {
    id: 'HV-016',
    text: 'a machine that is still being created is never listed as a machine without marker',
    since: '0.1.0',
    async run(lab) {
      const spec = newMachine(lab)
      await whileCreating(lab, spec, async () => {
        await eventually(
          lab,
          async () => (await lab.driver.created(spec)).state,
          (state) => state === 'busy',
        )
        for (const machine of await named(lab, spec.name)) assert.notEqual(machine.marker, 'none')
      })
      assert.deepEqual(
        (await named(lab, spec.name)).map((machine) => machine.marker),
        [spec.marker],
      )
    },
  },
  {
    id: 'HV-017',
    text: 'create with a known operation id joins the creation that is still running',
    since: '0.1.0',
    async run(lab) {
      const before = await allIds(lab)
      const spec = newMachine(lab)
      const other = await lab.reopen()
      const pending: Promise<Machine>[] = []
      const machine = await whileCreating(lab, spec, async () => {
        await eventually(
          lab,
          async () => (await lab.driver.created(spec)).state,
          (state) => state === 'busy',
        )
        const joined = other.create(spec)
        joined.catch(() => {})
        pending.push(joined)
      })
      const joined = await promptly(lab, Promise.all(pending))
      assert.deepEqual(
        joined.map(({ id }) => id),
        [machine.id],
      )
      assert.deepEqual(await addedIds(lab, before), [machine.id])
    },
  },
]
