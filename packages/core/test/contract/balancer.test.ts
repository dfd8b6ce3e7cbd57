import { describe, it } from 'vitest'
import { testLoadBalancer } from '../../src/testing/index.ts'
import { openWorldBalancerLab } from './labs/world-balancer-lab.ts'

testLoadBalancer({ runner: { describe, it }, facets: ['connections'], create: openWorldBalancerLab })
