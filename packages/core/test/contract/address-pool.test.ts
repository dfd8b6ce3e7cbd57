import { describe, it } from 'vitest'
import { testAddressPool } from '../../src/testing/index.ts'
import { openStoreAddressPoolLab } from './labs/store-address-pool-lab.ts'
import { openWorldAddressPoolLab } from './labs/world-address-pool-lab.ts'

describe('in the store', () => testAddressPool({ runner: { describe, it }, create: openStoreAddressPoolLab }))

describe('in a world', () => testAddressPool({ runner: { describe, it }, create: openWorldAddressPoolLab }))
