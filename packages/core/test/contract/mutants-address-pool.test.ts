import { setImmediate as turn } from 'node:timers/promises'
import { isVmunitError, VmunitError } from '../../src/errors/index.ts'
import type { AddressPool } from '../../src/ports/index.ts'
import { ADDRESS_POOL_RULES, type AddressPoolLab } from '../../src/testing/index.ts'
import { openStoreAddressPoolLab } from './labs/store-address-pool-lab.ts'
import { type Mutant, testMutants } from './labs/test-mutants.ts'

/** The same lab, in which every pool has another version of some calls. */
function changed(lab: AddressPoolLab, change: (good: AddressPool) => Partial<AddressPool>): AddressPoolLab {
  const wrap = (good: AddressPool): AddressPool => ({ ...good, ...change(good) })
  return { ...lab, pool: wrap(lab.pool), reopen: async () => wrap(await lab.reopen()) }
}

let count = 0

const MUTANTS: readonly Mutant<AddressPoolLab>[] = [
  {
    rule: 'AP-010',
    name: 'gives everybody the first address',
    breakIt: (lab) => changed(lab, () => ({ reserve: async () => lab.networks[0].addresses[0] ?? '' })),
  },
  {
    rule: 'AP-011',
    name: 'gives another address each time it is asked',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        reserve: async (network, id, call) => {
          count += 1
          return await good.reserve(network, `${id} ${count}`, call)
        },
      })),
  },
  {
    rule: 'AP-012',
    name: 'knows one address for each id, whatever the network',
    breakIt: (lab) => {
      const known = new Map<string, string>()
      return changed(lab, (good) => ({
        reserve: async (network, id, call) => {
          const address = known.get(id) ?? (await good.reserve(network, id, call))
          known.set(id, address)
          return address
        },
      }))
    },
  },
  {
    rule: 'AP-013',
    name: 'looks for a free address, and takes it a moment later',
    breakIt: (lab) => {
      const taken = new Set<string>()
      return changed(lab, () => ({
        reserve: async () => {
          const address = lab.networks[0].addresses.find((one) => !taken.has(one)) ?? ''
          await turn()
          taken.add(address)
          return address
        },
      }))
    },
  },
  {
    rule: 'AP-014',
    name: 'keeps in each process what it has handed out there',
    breakIt: (lab) => {
      return changed(lab, (good) => {
        count += 1
        const own = count
        return { reserve: async (network, id, call) => await good.reserve(network, `${id} ${own}`, call) }
      })
    },
  },
  {
    rule: 'AP-015',
    name: 'says that it is full for good',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        reserve: async (network, id, call) => {
          try {
            return await good.reserve(network, id, call)
          } catch (error) {
            if (!isVmunitError(error, 'ERR_LIMIT_REACHED')) throw error
            throw new VmunitError('ERR_LIMIT_REACHED', 'full')
          }
        },
      })),
  },
  {
    rule: 'AP-016',
    name: 'makes up an address for a network that it does not know',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        reserve: async (network, id, call) => {
          const isKnown = lab.networks.some(({ name }) => name === network)
          return isKnown ? await good.reserve(network, id, call) : '10.255.255.254'
        },
      })),
  },
  {
    rule: 'AP-020',
    name: 'hands out what was just released',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        release: async (address, id, call) => {
          await good.release(address, id, call)
          await lab.rest()
        },
      })),
  },
  {
    rule: 'AP-021',
    name: 'refuses to release a second time',
    code: 'ERR_NOT_FOUND',
    breakIt: (lab) => {
      const released = new Set<string>()
      return changed(lab, (good) => ({
        release: async (address, id, call) => {
          if (released.has(id)) throw new VmunitError('ERR_NOT_FOUND', 'It was released.')
          released.add(id)
          await good.release(address, id, call)
        },
      }))
    },
  },
  {
    rule: 'AP-022',
    name: 'releases an address for whoever asks',
    breakIt: (lab) => {
      const holders = new Map<string, string>()
      return changed(lab, (good) => ({
        reserve: async (network, id, call) => {
          const address = await good.reserve(network, id, call)
          holders.set(address, id)
          return address
        },
        release: async (address, id, call) => await good.release(address, holders.get(address) ?? id, call),
      }))
    },
  },
  {
    rule: 'AP-040',
    name: 'does not look at a signal',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        reserve: async (network, id) => await good.reserve(network, id),
        release: async (address, id) => await good.release(address, id),
      })),
  },
  {
    rule: 'AP-041',
    name: 'leaves a listener on the signal',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        release: async (address, id, call) => {
          call?.signal?.addEventListener('abort', () => {})
          await good.release(address, id, call)
        },
      })),
  },
  {
    rule: 'AP-042',
    name: 'changes something although it may not',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        release: async (address, id, { permit: _permit, ...call } = {}) => await good.release(address, id, call),
      })),
  },
]

testMutants({ name: 'AddressPool', rules: ADDRESS_POOL_RULES, create: openStoreAddressPoolLab }, MUTANTS)
