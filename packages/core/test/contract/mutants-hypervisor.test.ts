import { setTimeout as delay } from 'node:timers/promises'
import { type ErrorCode, isVmunitError, VmunitError } from '../../src/errors/index.ts'
import type { HypervisorDriver, OwnedMachine } from '../../src/ports/index.ts'
import { HYPERVISOR_RULES, type HypervisorLab } from '../../src/testing/index.ts'
import { type Mutant, testMutants } from './labs/test-mutants.ts'
import { openWorldHypervisorLab, WORLD_FACETS } from './labs/world-hypervisor-lab.ts'

type Change = (good: HypervisorDriver) => Partial<HypervisorDriver>

/** The same lab, in which every driver has another version of some calls. */
function changed(lab: HypervisorLab, change: Change): HypervisorLab {
  const wrap = (good: HypervisorDriver): HypervisorDriver => ({ ...good, ...change(good) })
  return { ...lab, driver: wrap(lab.driver), reopen: async () => wrap(await lab.reopen()) }
}

/** Names whichever marker the machine bears: what a driver does that does not look. */
async function withPresentMarker(good: HypervisorDriver, { id, marker }: OwnedMachine): Promise<OwnedMachine> {
  const { machines } = await good.inventory({ ids: [id] })
  const found = machines[0]?.marker
  return { id, marker: typeof found === 'object' ? found : marker }
}

async function recover<T>(call: Promise<T>, code: ErrorCode, instead: () => Promise<T>): Promise<T> {
  return await call.catch(async (error: unknown) => {
    if (!isVmunitError(error, code)) throw error
    return await instead()
  })
}

/** Makes every copy show the marker of its source. */
function trustsCopies(lab: HypervisorLab): HypervisorLab {
  const sources = new Map<string, string>()
  const wrapped = changed(lab, (good) => ({
    inventory: async (scope, call) => {
      const { machines } = await good.inventory({}, call)
      const shown = machines.map((machine) => {
        const source = machines.find(({ id }) => id === sources.get(machine.id))
        return source === undefined ? machine : { ...machine, marker: source.marker }
      })
      return { machines: shown.filter(({ id }) => scope.ids?.includes(id) ?? true), blind: [] }
    },
  }))
  return {
    ...wrapped,
    copyByHand: async (id, name) => {
      const copy = await lab.copyByHand(id, name)
      sources.set(copy, id)
      return copy
    },
  }
}

/** Answers `created` with any copy that was made. */
function findsCopies(lab: HypervisorLab): HypervisorLab {
  const copies: string[] = []
  const wrapped = changed(lab, (good) => ({
    created: async (spec, call) => {
      const seen = await good.created(spec, call)
      const { machines } = await good.inventory({ ids: copies })
      const [value] = machines
      return seen.state === 'absent' && value !== undefined ? { state: 'done', value } : seen
    },
  }))
  return {
    ...wrapped,
    copyByHand: async (id, name) => {
      const copy = await lab.copyByHand(id, name)
      copies.push(copy)
      return copy
    },
  }
}

function again<T extends { readonly marker: OwnedMachine['marker']; readonly name: string }>(spec: T): T {
  const operationId = `${spec.marker.operationId}-again`
  return { ...spec, name: `${spec.name}-again`, marker: { ...spec.marker, operationId } }
}

const MUTANTS: readonly Mutant<HypervisorLab>[] = [
  {
    rule: 'HV-001',
    name: 'lacks a facet that is declared',
    breakIt: (lab) => changed(lab, () => ({ limits: undefined })),
  },
  {
    rule: 'HV-011',
    name: 'remembers operation ids in its own memory only',
    breakIt: (lab) => ({
      ...lab,
      reopen: async () => {
        const good = await lab.reopen()
        return { ...good, create: async (spec, call) => await good.create(again(spec), call) }
      },
    }),
  },
  {
    rule: 'HV-013',
    name: 'makes a second machine after a lost answer',
    breakIt: (lab) => {
      const lost = new Set<string>()
      return changed(lab, (good) => ({
        create: async (spec, call) => {
          const { operationId } = spec.marker
          if (lost.has(operationId)) return await good.create(again(spec), call)
          lost.add(operationId)
          return await good.create(spec, call)
        },
      }))
    },
  },
  {
    rule: 'HV-015',
    name: 'says absent while the clone runs',
    breakIt: (lab) => ({
      ...changed(lab, (good) => ({
        created: async (spec, call) => {
          const seen = await good.created(spec, call)
          return seen.state === 'busy' ? { state: 'absent' } : seen
        },
      })),
      slowMs: 100,
    }),
  },
  {
    rule: 'HV-016',
    name: 'takes a marker that cannot be read for none',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        inventory: async (scope, call) => {
          const { machines, blind } = await good.inventory(scope, call)
          const shown = machines.map((machine) =>
            machine.marker === 'unreadable' ? { ...machine, marker: 'none' as const } : machine,
          )
          return { machines: shown, blind }
        },
      })),
  },
  {
    rule: 'HV-022',
    name: 'makes machines wherever it likes',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        create: async ({ failureDomain: _wanted, ...spec }, call) => await good.create(spec, call),
      })),
  },
  {
    rule: 'HV-022',
    name: 'takes turns between its failure domains, whichever is wanted',
    breakIt: (lab) => {
      let made = 0
      return changed(lab, (good) => ({
        create: async (spec, call) => {
          const domains = (await lab.failureDomains?.()) ?? []
          made += 1
          return await good.create({ ...spec, failureDomain: domains[(made - 1) % domains.length] }, call)
        },
      }))
    },
  },
  {
    rule: 'HV-023',
    name: 'refuses a failure domain that it does not know',
    code: 'ERR_NOT_FOUND',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        create: async (spec, call) => {
          const domains: readonly string[] = (await lab.failureDomains?.()) ?? []
          if (spec.failureDomain === undefined || domains.includes(spec.failureDomain)) {
            return await good.create(spec, call)
          }
          throw new VmunitError('ERR_NOT_FOUND', 'There is no such failure domain.')
        },
      })),
  },
  {
    rule: 'HV-018',
    name: 'has no code for a name that is taken',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        create: async (spec, call) =>
          await recover(good.create(spec, call), 'ERR_CONFLICT', async () => {
            throw new VmunitError('ERR_DRIVER', 'The name exists.')
          }),
      })),
  },
  {
    rule: 'HV-032',
    name: 'adopts what bears another marker',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        adopt: async (id, marker, call) => {
          await good.release(await withPresentMarker(good, { id, marker }))
          return await good.adopt(id, marker, call)
        },
      })),
  },
  { rule: 'HV-034', name: 'takes a copied marker for ours', breakIt: trustsCopies },
  { rule: 'HV-036', name: 'takes a copy for what it created', breakIt: findsCopies },
  {
    rule: 'HV-040',
    name: 'compares operation ids only',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        remove: async (machine, call) => {
          const present = await withPresentMarker(good, machine)
          const same = present.marker.operationId === machine.marker.operationId
          await good.remove(same ? present : machine, call)
        },
      })),
  },
  {
    rule: 'HV-050',
    name: 'refuses to reach a state that is reached already',
    code: 'ERR_WRONG_STATE',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        power: async (machine, to, call) => {
          const { machines } = await good.inventory({ ids: [machine.id] })
          if (machines[0]?.power === to) throw new VmunitError('ERR_WRONG_STATE', `It is ${to} already.`)
          await good.power(machine, to, call)
        },
      })),
  },
  {
    rule: 'HV-051',
    name: 'resolves before the guest has shut down',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        power: async (machine, to, call) => {
          if (to !== 'shutdown') return await good.power(machine, to, call)
          const end = async (): Promise<void> => {
            await delay(20)
            await good.power(machine, to)
          }
          end().catch(() => {})
        },
      })),
  },
  {
    rule: 'HV-052',
    name: 'switches machines without looking at their marker',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        power: async (machine, to, call) => await good.power(await withPresentMarker(good, machine), to, call),
      })),
  },
  {
    rule: 'HV-062',
    name: 'removes foreign machines',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        remove: async (machine, call) => await good.remove(await withPresentMarker(good, machine), call),
      })),
  },
  {
    rule: 'HV-071',
    name: 'lists machines of every unit',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        inventory: async ({ ids }, call) => await good.inventory({ ids }, call),
      })),
  },
  {
    rule: 'HV-073',
    name: 'forgets to say where it is blind',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        inventory: async (scope, call) => ({ ...(await good.inventory(scope, call)), blind: [] }),
      })),
  },
  {
    rule: 'HV-074',
    name: 'says absent for what it cannot see',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        created: async (spec, call) => {
          const seen = await good.created(spec, call)
          return seen.state === 'unknown' ? { state: 'absent' } : seen
        },
      })),
  },
  {
    rule: 'HV-081',
    name: 'cannot repeat publish because the machine is consumed',
    code: 'ERR_NOT_FOUND',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        images: {
          ...good.images,
          publish: async (machine, as, call) => {
            const { machines } = await good.inventory({ ids: [machine.id] })
            if (machines.length === 0) throw new VmunitError('ERR_NOT_FOUND', 'There is no such machine.')
            return await good.images.publish(machine, as, call)
          },
        },
      })),
  },
  {
    rule: 'HV-084',
    name: 'publishes under the next number when a version is taken',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        images: {
          ...good.images,
          publish: async (machine, as, call) =>
            await recover(good.images.publish(machine, as, call), 'ERR_CONFLICT', async () => {
              return await good.images.publish(machine, { ...as, version: as.version + 1 }, call)
            }),
        },
      })),
  },
  {
    rule: 'HV-087',
    name: 'sorts versions as text',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        images: {
          ...good.images,
          list: async (template, call) => {
            const images = await good.images.list(template, call)
            return images.toSorted((a, b) => (`${a.version}` < `${b.version}` ? -1 : 1))
          },
        },
      })),
  },
  {
    rule: 'HV-088',
    name: 'says that an image is removed although a machine needs it',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        images: {
          ...good.images,
          remove: async (image, call) => await recover(good.images.remove(image, call), 'ERR_CONFLICT', async () => {}),
        },
      })),
  },
  {
    rule: 'HV-090',
    name: 'does not look at a signal',
    breakIt: (lab) => changed(lab, (good) => ({ create: async (spec) => await good.create(spec) })),
  },
  {
    rule: 'HV-091',
    name: 'rejects an abort only when the platform has finished',
    breakIt: (lab) => ({
      ...changed(lab, (good) => ({
        create: async (spec, call) => {
          const machine = await good.create(spec)
          call?.signal?.throwIfAborted()
          return machine
        },
      })),
      slowMs: 100,
    }),
  },
  {
    rule: 'HV-092',
    name: 'leaves a listener on the signal',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        inventory: async (scope, call) => {
          call?.signal?.addEventListener('abort', () => {})
          return await good.inventory(scope, call)
        },
      })),
  },
  {
    rule: 'HV-093',
    name: 'reports progress that falls',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        create: async (spec, call) => {
          for (const fraction of [0.5, 0.2]) call?.onProgress?.(fraction)
          return await good.create(spec, call)
        },
      })),
  },
  {
    rule: 'HV-094',
    name: 'does not ask whether it may',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        release: async (machine, call) => await good.release(machine, { signal: call?.signal }),
      })),
  },
  {
    rule: 'HV-094',
    name: 'asks whether it may when it is done',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        power: async (machine, to, call) => {
          await good.power(machine, to, { signal: call?.signal })
          call?.permit?.()
        },
      })),
  },
  {
    rule: 'HV-100',
    name: 'goes on after close',
    breakIt: (lab) => changed(lab, () => ({ close: async () => {}, [Symbol.asyncDispose]: async () => {} })),
  },
  {
    rule: 'HV-110',
    name: 'keeps the old addresses',
    breakIt: (lab) => changed(lab, () => ({ readdress: { set: async () => {} } })),
  },
  {
    rule: 'HV-112',
    name: 'asks for more than there is',
    breakIt: (lab) =>
      changed(lab, () => ({ limits: { cost: () => [{ resource: 'simulator', units: 9, capacity: 8 }] } })),
  },
]

testMutants(
  { name: 'HypervisorDriver', rules: HYPERVISOR_RULES, facets: WORLD_FACETS, create: openWorldHypervisorLab },
  MUTANTS,
)
