import assert from 'node:assert/strict'
import type { ImageVersion } from '../../../ports/index.ts'
import { assertRejects } from '../assert-rejects.ts'
import { freshName, freshOperationId } from '../fresh.ts'
import type { HypervisorRule } from '../hypervisor-lab.ts'
import { findMachine, getMachine, makeMachine, newMachine, otherMarker } from './machines.ts'

function newVersion(version = 1, template: string = freshName('template')): ImageVersion {
  return { template, version, operationId: freshOperationId() }
}

/** Golden images and their versions. */
export const IMAGE_RULES: readonly HypervisorRule[] = [
  {
    id: 'HV-080',
    text: 'publish turns a machine into an image that machines can be made from, and consumes it',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      const as = newVersion()
      const image = await lab.driver.images.publish(machine, as)
      assert.equal(await findMachine(lab, machine.id), undefined)
      assert.deepEqual(await lab.driver.images.list(as.template), [{ ...as, image }])
      const made = await lab.driver.create({ ...newMachine(lab), image })
      assert.equal(made.power, 'off')
    },
  },
  {
    id: 'HV-081',
    text: 'publish with a known operation id resolves to the same image, also when its machine is consumed and in another process',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      const as = newVersion()
      const image = await lab.driver.images.publish(machine, as)
      assert.equal(await lab.driver.images.publish(machine, as), image)
      assert.equal(await (await lab.reopen()).images.publish(machine, as), image)
      assert.equal((await lab.driver.images.list(as.template)).length, 1)
    },
  },
  {
    id: 'HV-082',
    text: 'published is absent before publish, and done with the image after it',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      const as = newVersion()
      assert.equal((await lab.driver.images.published(as)).state, 'absent')
      const image = await lab.driver.images.publish(machine, as)
      assert.deepEqual(await lab.driver.images.published(as), { state: 'done', value: image })
    },
  },
  {
    id: 'HV-083',
    text: 'after a lost answer, publish resolves to the image that was made',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      const as = newVersion()
      await lab.loseNextAnswer('publish')
      await assert.rejects(lab.driver.images.publish(machine, as))
      const image = await lab.driver.images.publish(machine, as)
      assert.deepEqual(await lab.driver.images.list(as.template), [{ ...as, image }])
    },
  },
  {
    id: 'HV-084',
    text: 'a version that another operation published is ERR_CONFLICT, and the machine is not consumed',
    since: '0.1.0',
    async run(lab) {
      const as = newVersion()
      const image = await lab.driver.images.publish(await makeMachine(lab), as)
      const second = await makeMachine(lab)
      const same = { ...as, operationId: freshOperationId() }
      await assertRejects(lab.driver.images.publish(second, same), 'ERR_CONFLICT')
      assert.deepEqual((await getMachine(lab, second.id)).marker, second.marker)
      assert.deepEqual(await lab.driver.images.list(as.template), [{ ...as, image }])
      assert.notEqual((await lab.driver.images.published(same)).state, 'done')
    },
  },
  {
    id: 'HV-085',
    text: 'publish of a machine that is powered on rejects, and leaves it and the catalogue as they were',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      await lab.driver.power(machine, 'on')
      const as = newVersion()
      await assert.rejects(lab.driver.images.publish(machine, as))
      assert.equal((await getMachine(lab, machine.id)).power, 'on')
      assert.deepEqual(await lab.driver.images.list(as.template), [])
    },
  },
  {
    id: 'HV-086',
    text: 'publish by another marker rejects with ERR_NOT_OWNED and publishes nothing',
    since: '0.1.0',
    async run(lab) {
      const { id, marker } = await makeMachine(lab)
      const as = newVersion()
      await assertRejects(lab.driver.images.publish({ id, marker: otherMarker(marker) }, as), 'ERR_NOT_OWNED')
      assert.ok(await findMachine(lab, id))
      assert.deepEqual(await lab.driver.images.list(as.template), [])
    },
  },
  {
    id: 'HV-087',
    text: 'list gives the versions of one template, ascending, and none of an unknown template',
    since: '0.1.0',
    async run(lab) {
      const template = freshName('template')
      for (const version of [10, 2, 1]) {
        await lab.driver.images.publish(await makeMachine(lab), newVersion(version, template))
      }
      await lab.driver.images.publish(await makeMachine(lab), newVersion(3, `${template}x`))
      const versions = (await lab.driver.images.list(template)).map((image) => image.version)
      assert.deepEqual(versions, [1, 2, 10])
      assert.deepEqual(await lab.driver.images.list(freshName('template')), [])
    },
  },
  {
    id: 'HV-088',
    text: 'an image is not removed while a machine needs it: ERR_CONFLICT',
    since: '0.1.0',
    async run(lab) {
      const as = newVersion()
      const image = await lab.driver.images.publish(await makeMachine(lab), as)
      const spec = { ...newMachine(lab), image }
      const { id } = await lab.driver.create(spec)
      if (lab.linked) {
        await assertRejects(lab.driver.images.remove(image), 'ERR_CONFLICT')
        assert.deepEqual(await lab.driver.images.list(as.template), [{ ...as, image }])
      } else {
        await lab.driver.images.remove(image)
      }
      await lab.driver.power({ id, marker: spec.marker }, 'on')
      assert.equal((await getMachine(lab, id)).power, 'on')
    },
  },
  {
    id: 'HV-089',
    text: 'an image that is removed is no longer listed; removing it again succeeds',
    since: '0.1.0',
    async run(lab) {
      const as = newVersion()
      const image = await lab.driver.images.publish(await makeMachine(lab), as)
      await lab.driver.images.remove(image)
      assert.deepEqual(await lab.driver.images.list(as.template), [])
      assert.equal((await lab.driver.images.published(as)).state, 'absent')
      await lab.driver.images.remove(image)
    },
  },
]
