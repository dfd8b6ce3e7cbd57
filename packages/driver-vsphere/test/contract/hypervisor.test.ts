import { testHypervisorDriver } from '@vmunit/core/testing'
import { availableVcsims, startVcenter, type Vcenter } from '@vmunit/testbed'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { openVcenterLab, VSPHERE_FACETS } from './labs/vcenter-lab.ts'

for (const govmomi of await availableVcsims()) {
  describe(`vcsim of govmomi from ${govmomi}`, () => {
    let vcenter: Vcenter
    beforeAll(async () => {
      vcenter = await startVcenter({ govmomi, hosts: 2 })
    }, 300_000)
    afterAll(async () => await vcenter.close())

    testHypervisorDriver({
      runner: { describe, it },
      facets: VSPHERE_FACETS,
      create: async () => await openVcenterLab(vcenter),
    })
  })
}
