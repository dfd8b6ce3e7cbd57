import { describe, expect, it } from 'vitest'
import type { ServerGroup } from '../../../src/domain/management-unit.ts'
import { groupParser } from '../../../src/domain/parsers.ts'
import type { Plain } from '../../../src/domain/plain.ts'
import { createMachine, releaseAddress, reserveAddress, switchServer } from '../../../src/operations/steps/index.ts'
import type { DocumentUpdate, StepMoment } from '../../../src/ports/index.ts'

const key = { unit: 'gyoumu_a', slot: 'g1/web/0' }
const bound = (id: string) => ({ id, operationId: `op-${id}` })

function recordsOf(): { write(updates: readonly DocumentUpdate[] | undefined): void; beside(): unknown } {
  const server = {
    slot: key.slot,
    address: '192.168.1.101',
    port: 20580,
    tierId: 'web',
    machine: bound('vm-1'),
    status: 'working',
    traffic: 'in',
  } as const
  const group: ServerGroup = { name: 'g1', unit: key.unit, servers: [server], quarantine: [] }
  let document: Plain = JSON.parse(JSON.stringify(group))
  return {
    write(updates = []) {
      for (const { key: name, update } of updates) if (name.includes('g1')) document = update(document)
    },
    beside: () => groupParser.parse(document).servers[0]?.beside,
  }
}

const context = (operationId: string) => ({
  runId: 'run-1',
  operationId,
  now: 1,
  step: 'step',
  planHash: 'hash',
  requestedBy: 'user_a',
})

describe('the record of what stands beside a server', () => {
  const reserve = { ...key, network: 'management', member: 'g1/web/0/2' }
  const create = { ...key, hypervisor: 'main', image: 'image', networks: [], beside: true } as const
  const reserved = (moment: StepMoment<{ address: string; reservation: string }>, id: string) =>
    reserveAddress.records?.(reserve, moment, context(id))
  const got = (address: string, id: string) => reserved({ type: 'done', output: { address, reservation: id } }, id)
  const made = (id: string) =>
    createMachine.records?.(create, { type: 'done', output: { ...bound(id), machine: bound(id) } }, context(`op-${id}`))

  it('keeps what an earlier attempt could not put away, also over the switch', () => {
    const records = recordsOf()
    records.write(reserved({ type: 'began' }, 'r#1'))
    expect(records.beside()).toMatchObject({ runId: 'run-1', addresses: [{ id: 'r#1', network: 'management' }] })
    records.write(got('192.168.1.201', 'r#1'))
    records.write(made('vm-2'))
    records.write(got('192.168.1.202', 'r#2'))
    records.write(createMachine.records?.(create, { type: 'began' }, context('op-vm-3')))
    expect(records.beside()).toMatchObject({ machines: [bound('vm-2'), { operationId: 'op-vm-3' }] })
    records.write(made('vm-3'))
    records.write(
      switchServer.records?.(
        {
          ...key,
          machine: bound('vm-3'),
          address: '192.168.1.202',
          reserved: [{ address: '192.168.1.202', id: 'r#2' }],
          member: 'g1/web/0/2',
          templateVersion: 2,
          definitionHash: 'hash',
          status: 'working',
          traffic: 'in',
        },
        { type: 'done', output: {} },
        context('switch'),
      ),
    )
    expect(records.beside()).toEqual({
      runId: 'run-1',
      member: 'g1/web/0',
      machines: [bound('vm-2'), bound('vm-1')],
      addresses: [{ address: '192.168.1.201', id: 'r#1', network: 'management' }, { address: '192.168.1.101' }],
    })
  })

  it('is gone when the last thing is', () => {
    const records = recordsOf()
    records.write(got('192.168.1.201', 'r#1'))
    records.write(got('192.168.1.202', 'r#2'))
    const release = (address: string, reservation: string) =>
      releaseAddress.records?.({ ...key, address, reservation }, { type: 'done', output: {} }, context('release'))
    records.write(release('192.168.1.201', 'r#1'))
    expect(records.beside()).toMatchObject({ addresses: [{ address: '192.168.1.202' }] })
    records.write(release('192.168.1.202', 'another'))
    expect(records.beside()).toMatchObject({ addresses: [{ address: '192.168.1.202' }] })
    records.write(release('192.168.1.202', 'r#2'))
    expect(records.beside()).toBeUndefined()
  })
})
