import { describe, expect, it } from 'vitest'
import {
  ADDRESS_POOL_RULES,
  BALANCER_RULES,
  type BalancerLab,
  GUEST_RULES,
  HYPERVISOR_RULES,
  type HypervisorLab,
  STORE_RULES,
  testHypervisorDriver,
  testLoadBalancer,
} from '../../src/testing/index.ts'
import { openWorldBalancerLab } from './labs/world-balancer-lab.ts'
import { openWorldHypervisorLab, WORLD_FACETS } from './labs/world-hypervisor-lab.ts'

/** A runner that only collects. */
function collect(): {
  readonly tests: Map<string, () => Promise<void>>
  readonly runner: Parameters<typeof testHypervisorDriver>[0]['runner']
} {
  const tests = new Map<string, () => Promise<void>>()
  return {
    tests,
    runner: { describe: (_name, body) => body(), it: (name, body) => tests.set(name.slice(0, 6), body) },
  }
}

describe('the rules of all contracts', () => {
  const tables = { AP: ADDRESS_POOL_RULES, HV: HYPERVISOR_RULES, GA: GUEST_RULES, LB: BALANCER_RULES, SS: STORE_RULES }

  it.each(Object.entries(tables))(
    '%s: ids are unique, ascending and well formed, texts are sentences',
    (prefix, rules) => {
      const ids = rules.map((rule) => rule.id)
      expect(ids).toEqual([...new Set(ids)].toSorted())
      for (const { id, text, since } of rules) {
        expect(id).toMatch(new RegExp(`^${prefix}-\\d{3}$`))
        expect(text).toMatch(/^\S.*[^.\s]$/)
        expect(since).toMatch(/^\d+\.\d+\.\d+$/)
      }
    },
  )
})

describe('registering rules', () => {
  const broken = async (): Promise<BalancerLab> => {
    const lab = await openWorldBalancerLab()
    return { ...lab, balancer: { ...lab.balancer, members: async () => [] } }
  }

  it('leaves out the rules of facets that are not declared', () => {
    const { tests, runner } = collect()
    testHypervisorDriver({ runner, create: openWorldHypervisorLab, facets: WORLD_FACETS })
    expect([...tests.keys()]).toEqual(
      HYPERVISOR_RULES.filter(({ facet }) => facet === undefined || WORLD_FACETS.some((each) => each === facet)).map(
        ({ id }) => id,
      ),
    )
    expect(tests.has('HV-114')).toBe(false)
  })

  it('fails a rule whose facet is present and not declared', async () => {
    const { tests, runner } = collect()
    testHypervisorDriver({ runner, create: openWorldHypervisorLab, facets: ['limits'] })
    await expect(tests.get('HV-001')?.()).rejects.toThrow()
  })

  it('lets a known failure pass while it fails', async () => {
    const { tests, runner } = collect()
    const knownFailures = [{ rule: 'LB-012', reason: 'members are never listed' }]
    testLoadBalancer({ runner, create: broken, facets: ['connections'], knownFailures })
    await tests.get('LB-012')?.()
    await expect(tests.get('LB-013')?.()).rejects.toThrow()
  })

  it('fails a known failure that now holds', async () => {
    const { tests, runner } = collect()
    const knownFailures = [{ rule: 'LB-012', reason: 'repaired long ago' }]
    testLoadBalancer({ runner, create: openWorldBalancerLab, facets: ['connections'], knownFailures })
    await expect(tests.get('LB-012')?.()).rejects.toThrow('LB-012 now holds; remove it from knownFailures')
  })

  it('does not take a lab that cannot be made for a known failure', async () => {
    const { tests, runner } = collect()
    const create = async (): Promise<BalancerLab> => {
      throw new Error('no balancer here')
    }
    testLoadBalancer({ runner, create, knownFailures: [{ rule: 'LB-012', reason: 'x' }] })
    await expect(tests.get('LB-012')?.()).rejects.toThrow('no balancer here')
  })

  it('refuses a known failure of a rule that does not apply', () => {
    const { runner } = collect()
    for (const rule of ['HV-999', 'HV-114']) {
      const knownFailures = [{ rule, reason: 'x' }]
      expect(() => testHypervisorDriver({ runner, create: openWorldHypervisorLab, knownFailures })).toThrow(TypeError)
    }
  })

  it('closes the lab whatever the rule says', async () => {
    const { tests, runner } = collect()
    let open = 0
    const create = async (): Promise<HypervisorLab> => {
      const lab = await openWorldHypervisorLab()
      open += 1
      return {
        ...lab,
        close: async () => {
          open -= 1
          await lab.close()
        },
      }
    }
    testHypervisorDriver({ runner, create, facets: ['limits'] })
    await expect(tests.get('HV-001')?.()).rejects.toThrow()
    await tests.get('HV-002')?.()
    expect(open).toBe(0)
  })
})
