import { testHypervisorDriver } from '@vmunit/core/testing'
import { availableVcsims, startVcenter, type Vcenter } from '@vmunit/testbed'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { connectVsphere, type VsphereDriver } from '../../src/index.ts'
import { createNodeVsphereSoapTransport } from '../../src/node-vsphere-soap/index.ts'
import { type OpenClient, openClient } from '../support/node-vsphere-soap-client.ts'
import { openVcenterLab, VSPHERE_FACETS } from './labs/vcenter-lab.ts'

// Every driver of a lab works over the same client, as several do in a program that holds one.
for (const govmomi of await availableVcsims()) {
  describe(`over node-vsphere-soap, vcsim of govmomi from ${govmomi}`, () => {
    let vcenter: Vcenter
    let open: OpenClient
    beforeAll(async () => {
      vcenter = await startVcenter({ govmomi, hosts: 2 })
      open = await openClient(vcenter)
    }, 300_000)
    afterAll(async () => {
      await open.close()
      await vcenter.close()
    })

    async function connect(): Promise<VsphereDriver> {
      return await connectVsphere({ transport: createNodeVsphereSoapTransport(open.client) })
    }

    testHypervisorDriver({
      runner: { describe, it },
      facets: VSPHERE_FACETS,
      create: async () => await openVcenterLab(vcenter, connect),
    })
  })
}
