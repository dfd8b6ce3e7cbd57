import { describe, it } from 'node:test'
import { testLoadBalancer } from '../../../src/testing/index.ts'
import { openWorldBalancerLab } from './world-balancer-lab.ts'

testLoadBalancer({ runner: { describe, it }, facets: ['connections'], create: openWorldBalancerLab })
