import { describe, it } from 'vitest'
import { testHypervisorDriver } from '../../src/testing/index.ts'
import { openWorldHypervisorLab, WORLD_FACETS } from './labs/world-hypervisor-lab.ts'

testHypervisorDriver({ runner: { describe, it }, facets: WORLD_FACETS, create: openWorldHypervisorLab })
