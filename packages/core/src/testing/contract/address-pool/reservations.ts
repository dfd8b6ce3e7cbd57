import assert from 'node:assert/strict'
import type { OperationId } from '../../../domain/marker.ts'
import type { AddressPool } from '../../../ports/index.ts'
import type { AddressPoolLab, AddressPoolRule, LabNetwork } from '../address-pool-lab.ts'
import { assertRejects } from '../assert-rejects.ts'
import { freshOperationId } from '../fresh.ts'

/** An address that was handed out, and to whom. */
interface Reserved {
  readonly address: string
  readonly id: OperationId
}

async function reserve(pool: AddressPool, { name }: LabNetwork): Promise<Reserved> {
  const id = freshOperationId()
  return { id, address: await pool.reserve(name, id) }
}

/** Takes everything that a network has, and makes sure that it is everything. */
export async function reserveAll({ pool }: AddressPoolLab, network: LabNetwork): Promise<readonly Reserved[]> {
  const all: Reserved[] = []
  while (all.length < network.addresses.length) all.push(await reserve(pool, network))
  assert.deepEqual(all.map(({ address }) => address).toSorted(), network.addresses.toSorted())
  return all
}

/** Asserts that a network has nothing to hand out now. */
export async function assertExhausted(pool: AddressPool, { name }: LabNetwork): Promise<void> {
  const { retryable } = await assertRejects(pool.reserve(name, freshOperationId()), 'ERR_LIMIT_REACHED')
  assert.equal(retryable, true, 'may pass: somebody may give one back')
}

/** Who gets which address, and when it can be had again. */
export const RESERVATION_RULES: readonly AddressPoolRule[] = [
  {
    id: 'AP-010',
    text: 'each id gets another address, each one of the network that it was asked of',
    since: '0.1.0',
    async run(lab) {
      for (const network of lab.networks) await reserveAll(lab, network)
    },
  },
  {
    id: 'AP-011',
    text: 'the same id in the same network gets the same address again, also from another process',
    since: '0.1.0',
    async run({ pool, reopen, networks: [network] }) {
      const { id, address } = await reserve(pool, network)
      assert.equal(await pool.reserve(network.name, id), address)
      await reserve(pool, network)
      assert.equal(await (await reopen()).reserve(network.name, id), address)
    },
  },
  {
    id: 'AP-012',
    text: 'the same id may have an address in each network',
    since: '0.1.0',
    async run({ pool, networks }) {
      const id = freshOperationId()
      for (const { name, addresses } of networks) {
        const address = await pool.reserve(name, id)
        assert.ok(addresses.includes(address), `${address} is not of ${name}`)
        assert.equal(await pool.reserve(name, id), address)
      }
    },
  },
  {
    id: 'AP-013',
    text: 'processes that reserve at the same moment get different addresses',
    since: '0.1.0',
    async run({ pool, reopen, networks: [network] }) {
      const other = await reopen()
      const [first, second] = await Promise.all([reserve(pool, network), reserve(other, network)])
      assert.notEqual(first.address, second.address)
      await Promise.all([pool.release(first.address, first.id), pool.release(second.address, second.id)])
    },
  },
  {
    id: 'AP-014',
    text: 'the same id at the same moment in two processes gets one address',
    since: '0.1.0',
    async run({ pool, reopen, networks: [network] }) {
      const other = await reopen()
      const id = freshOperationId()
      const found = await Promise.all([pool, other].map((one) => one.reserve(network.name, id)))
      assert.equal(new Set(found).size, 1)
    },
  },
  {
    id: 'AP-015',
    text: 'a network of which nothing is free rejects with ERR_LIMIT_REACHED, which may pass; the other one has some',
    since: '0.1.0',
    async run(lab) {
      const { pool, networks } = lab
      await reserveAll(lab, networks[0])
      await assertExhausted(pool, networks[0])
      await reserve(pool, networks[1])
    },
  },
  {
    id: 'AP-016',
    text: 'an unknown network rejects with ERR_NOT_FOUND',
    since: '0.1.0',
    async run({ pool }) {
      await assertRejects(pool.reserve('no-such-network', freshOperationId()), 'ERR_NOT_FOUND')
    },
  },
  {
    id: 'AP-020',
    text: 'an address that was released rests: nobody gets it at once, and somebody does after a while',
    since: '0.1.0',
    async run(lab) {
      const { pool, networks, rest } = lab
      const [first] = await reserveAll(lab, networks[0])
      assert.ok(first)
      await pool.release(first.address, first.id)
      await assertExhausted(pool, networks[0])
      await rest()
      assert.equal((await reserve(pool, networks[0])).address, first.address)
      await assertExhausted(pool, networks[0])
    },
  },
  {
    id: 'AP-021',
    text: 'releasing again is success, and does not take the address from whoever has it by then',
    since: '0.1.0',
    async run(lab) {
      const { pool, networks, rest } = lab
      const [first] = await reserveAll(lab, networks[0])
      assert.ok(first)
      await pool.release(first.address, first.id)
      await pool.release(first.address, first.id)
      await rest()
      const next = await reserve(pool, networks[0])
      assert.equal(next.address, first.address)
      await pool.release(first.address, first.id)
      await rest()
      await assertExhausted(pool, networks[0])
      assert.equal(await pool.reserve(networks[0].name, next.id), next.address)
    },
  },
  {
    id: 'AP-022',
    text: 'releasing under an id that has nothing, or what is no address of the pool, is success and changes nothing',
    since: '0.1.0',
    async run(lab) {
      const { pool, networks, rest } = lab
      const [first] = await reserveAll(lab, networks[0])
      assert.ok(first)
      await pool.release(first.address, freshOperationId())
      await pool.release('127.0.0.254', first.id)
      await rest()
      await assertExhausted(pool, networks[0])
      assert.equal(await pool.reserve(networks[0].name, first.id), first.address)
    },
  },
]
