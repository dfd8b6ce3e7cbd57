import assert from 'node:assert/strict'
import { assertRejects } from '../assert-rejects.ts'
import type { HypervisorRule } from '../hypervisor-lab.ts'
import { addedIds, allIds, getMachine, newMachine } from './machines.ts'

/** How machines come into being, exactly once. */
export const CREATION_RULES: readonly HypervisorRule[] = [
  {
    id: 'HV-010',
    text: 'create resolves to a machine that is powered off, named as asked and bears its marker',
    since: '0.1.0',
    async run(lab) {
      const spec = newMachine(lab)
      const machine = await lab.driver.create(spec)
      for (const seen of [machine, await getMachine(lab, machine.id)]) {
        assert.equal(seen.name, spec.name)
        assert.equal(seen.power, 'off')
        assert.deepEqual(seen.marker, spec.marker)
        if (seen.image !== undefined) assert.equal(seen.image, spec.image)
      }
    },
  },
  {
    id: 'HV-011',
    text: 'create with a known operation id resolves to the same machine, also in another process',
    since: '0.1.0',
    async run(lab) {
      const before = await allIds(lab)
      const spec = newMachine(lab)
      const first = await lab.driver.create(spec)
      const again = await lab.driver.create(spec)
      const elsewhere = await (await lab.reopen()).create(spec)
      assert.deepEqual([again.id, elsewhere.id], [first.id, first.id])
      assert.deepEqual(await addedIds(lab, before), [first.id])
    },
  },
  {
    id: 'HV-012',
    text: 'two creates with one operation id at the same time make one machine',
    since: '0.1.0',
    async run(lab) {
      const before = await allIds(lab)
      const spec = newMachine(lab)
      const other = await lab.reopen()
      const made = await Promise.all([lab.driver.create(spec), lab.driver.create(spec), other.create(spec)])
      assert.equal(new Set(made.map((machine) => machine.id)).size, 1)
      assert.equal((await addedIds(lab, before)).length, 1)
    },
  },
  {
    id: 'HV-013',
    text: 'after a lost answer, create resolves to the machine that was made',
    since: '0.1.0',
    async run(lab) {
      const before = await allIds(lab)
      const spec = newMachine(lab)
      await lab.loseNextAnswer('create')
      await assert.rejects(lab.driver.create(spec))
      const machine = await lab.driver.create(spec)
      assert.deepEqual(await addedIds(lab, before), [machine.id])
    },
  },
  {
    id: 'HV-014',
    text: 'created is absent before create, and done with the machine after it, also in another process',
    since: '0.1.0',
    async run(lab) {
      const spec = newMachine(lab)
      assert.equal((await lab.driver.created(spec)).state, 'absent')
      const { id } = await lab.driver.create(spec)
      for (const driver of [lab.driver, await lab.reopen()]) {
        const seen = await driver.created(spec)
        assert.ok(seen.state === 'done', `created is ${seen.state}`)
        assert.equal(seen.value.id, id)
      }
    },
  },
  {
    id: 'HV-018',
    text: 'create rejects with ERR_CONFLICT when another machine bears the name, and makes nothing',
    since: '0.1.0',
    async run(lab) {
      const before = await allIds(lab)
      const spec = newMachine(lab)
      const { id } = await lab.driver.create(spec)
      await assertRejects(lab.driver.create({ ...newMachine(lab), name: spec.name }), 'ERR_CONFLICT')
      assert.deepEqual(await addedIds(lab, before), [id])
    },
  },
  {
    id: 'HV-019',
    text: 'created is never done for a machine of a person that bears the name by chance',
    since: '0.1.0',
    async run(lab) {
      const spec = newMachine(lab)
      await lab.machineByHand(spec.name)
      assert.notEqual((await lab.driver.created(spec)).state, 'done')
      await assertRejects(lab.driver.create(spec), 'ERR_CONFLICT')
    },
  },
  {
    id: 'HV-020',
    text: 'create from an image that does not exist rejects with ERR_NOT_FOUND and makes nothing',
    since: '0.1.0',
    async run(lab) {
      const before = await allIds(lab)
      const spec = { ...newMachine(lab), image: 'no-such-image' }
      await assertRejects(lab.driver.create(spec), 'ERR_NOT_FOUND')
      assert.deepEqual(await addedIds(lab, before), [])
      assert.equal((await lab.driver.created(spec)).state, 'absent')
    },
  },
  {
    id: 'HV-021',
    text: 'twenty creates at the same time make twenty machines, each with its own marker',
    since: '0.1.0',
    async run(lab) {
      const specs = Array.from({ length: 20 }, () => newMachine(lab))
      const made = await Promise.all(specs.map((spec) => lab.driver.create(spec)))
      assert.equal(new Set(made.map((machine) => machine.id)).size, 20)
      assert.deepEqual(
        made.map((machine) => machine.marker),
        specs.map((spec) => spec.marker),
      )
    },
  },
  {
    id: 'HV-022',
    text: 'a machine that is wanted in a failure domain comes up there, when there is room',
    facet: 'failureDomains',
    since: '0.1.0',
    async run(lab) {
      const domains = (await lab.failureDomains?.()) ?? []
      assert.equal(domains.length, 2, 'the facet is declared, but the lab names no failure domains')
      const [first, second] = domains
      // In no order that a platform goes by when it spreads machines on its own.
      for (const failureDomain of [first, second, second, first, first, second]) {
        const { id } = await lab.driver.create({ ...newMachine(lab), failureDomain })
        assert.equal((await getMachine(lab, id)).failureDomain, failureDomain)
      }
    },
  },
  {
    id: 'HV-023',
    text: 'a wish for a failure domain that does not exist keeps no machine from being made',
    since: '0.1.0',
    async run(lab) {
      const before = await allIds(lab)
      const { id } = await lab.driver.create({ ...newMachine(lab), failureDomain: 'no-such-domain' })
      assert.deepEqual(await addedIds(lab, before), [id])
    },
  },
]
