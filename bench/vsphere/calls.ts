import { randomUUID } from 'node:crypto'
import type { CreateMachine, Marker } from '@vmunit/core'
import { connectVsphere } from '@vmunit/driver-vsphere'
import { startVcenter } from '@vmunit/testbed'
import type { Report } from '../report.ts'

const OPERATIONS = 256
const IN_FLIGHT = 64

/** SOAP calls per operation on first attempts, 64 in flight: creations, powers and removals; counted by the proxy. */
export async function measureCalls(report: Report): Promise<void> {
  await using vcenter = await startVcenter({ hosts: 4 })
  const template = await vcenter.hands.createMachine({ name: 'template' })
  await vcenter.hands.markAsTemplate(template)
  const { url, ca, username, password } = vcenter
  await using driver = await connectVsphere({ url, ca, username, password })
  const hosts = await vcenter.hands.hosts()
  const specs = Array.from({ length: OPERATIONS }, (_, index): CreateMachine => {
    const marker: Marker = {
      manager: 'bench',
      unit: 'bench',
      slot: `group/web/${index}`,
      operationId: `${randomUUID()}/create#1`,
    }
    const failureDomain = hosts[index % hosts.length]?.id
    return { marker, name: `bench-${index}`, image: template, networks: [], failureDomain }
  })
  const machines = await count('create', specs, async (spec) => ({
    ...(await driver.create(spec)),
    marker: spec.marker,
  }))
  await count('power on', machines, async (machine) => await driver.power(machine, 'on'))
  await count('power off', machines, async (machine) => await driver.power(machine, 'off'))
  await count('remove', machines, async (machine) => await driver.remove(machine))

  async function count<T, R>(name: string, items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
    const mark = vcenter.proxy.mark()
    const results = await inFlight(items, work)
    const calls = vcenter.proxy.count({ since: mark }) / items.length
    report({
      name: `SOAP calls per operation, ${IN_FLIGHT} in flight: ${name}`,
      value: calls,
      peer: 2,
      ratio: calls,
      bar: 1.1,
      unit: 'calls',
      peerName: 'one poll per task',
    })
    return results
  }
}

async function inFlight<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  const waiting = items.entries()
  const lane = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  return results
}
