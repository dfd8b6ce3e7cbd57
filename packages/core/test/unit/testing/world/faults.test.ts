import { describe, expect, it } from 'vitest'
import { createWorld, type FaultRule, manualClock } from '../../../../src/testing/index.ts'
import { specOf } from './fleet.ts'

async function outcomes(seed: number, rules: readonly FaultRule[], calls: number): Promise<string> {
  const { hypervisor, admin } = createWorld({ seed })
  await admin.faults(rules)
  let seen = ''
  for (let call = 0; call < calls; call += 1) {
    seen += await hypervisor.inventory({}).then(
      () => '.',
      () => 'x',
    )
  }
  return seen
}

const refuse = { type: 'error', code: 'ERR_UNAVAILABLE' } as const

describe('fault rules', () => {
  it('let some calls through first, and strike a number of times', async () => {
    expect(await outcomes(1, [{ call: 'hypervisor.*', skip: 2, times: 3, effect: refuse }], 8)).toBe('..xxx...')
  })

  it('have the same luck with the same seed, and other luck with another', async () => {
    const rules: readonly FaultRule[] = [{ call: 'hypervisor.inventory', probability: 0.3, effect: refuse }]
    const [once, again, other] = await Promise.all([
      outcomes(7, rules, 400),
      outcomes(7, rules, 400),
      outcomes(8, rules, 400),
    ])
    expect(again).toBe(once)
    expect(other).not.toBe(once)
    const struck = [...once].filter((mark) => mark === 'x').length
    expect(struck).toBeGreaterThan(80)
    expect(struck).toBeLessThan(160)
  })

  it('strike the subject they name: a slot, an operation, a machine', async () => {
    const { hypervisor, admin } = createWorld()
    const image = await admin.addImage({})
    await admin.faults([{ call: 'hypervisor.create', subject: 'g/web/1', effect: refuse }])
    await hypervisor.create(specOf(image, 0))
    await expect(hypervisor.create(specOf(image, 1))).rejects.toMatchObject({ retryable: true })
    expect(await admin.machines()).toHaveLength(1)
    expect((await admin.log()).at(-1)).toMatchObject({
      call: 'hypervisor.create',
      subject: 'g/web/1',
      outcome: 'ERR_UNAVAILABLE',
    })
    await admin.faults([{ call: '*', subject: 'vm-1', effect: { type: 'error', code: 'ERR_DRIVER', retryable: true } }])
    const owned = { id: 'vm-1', marker: specOf(image, 0).marker }
    await expect(hypervisor.power(owned, 'on')).rejects.toMatchObject({ code: 'ERR_DRIVER', retryable: true })
  })

  it('make calls slow', async () => {
    const clock = manualClock()
    const { hypervisor, admin } = createWorld({ clock, latencyMs: { look: 10 } })
    await admin.faults([{ call: 'hypervisor.inventory', times: 1, effect: { type: 'delay', ms: 500 } }])
    let answered = false
    const slow = hypervisor.inventory({}).then(() => {
      answered = true
    })
    await clock.advance(509)
    expect(answered).toBe(false)
    await clock.advance(1)
    await slow
  })

  it('are refused when they are not fault rules', async () => {
    const { admin } = createWorld()
    const wrong = { call: 'hypervisor.create', effect: { type: 'explode' } } as unknown as FaultRule
    await expect(admin.faults([wrong])).rejects.toMatchObject({ code: 'ERR_INVALID_INPUT' })
  })
})

describe('the log', () => {
  it('says who called, and ties the end of a call to its beginning', async () => {
    const world = createWorld()
    const spec = specOf(await world.admin.addImage({}))
    const [first = 0] = (await world.admin.log()).map(({ seq }) => seq).slice(-1)
    await world.as('engine-2').hypervisor.create(spec)
    expect(await world.admin.log({ from: first + 1 })).toMatchObject([
      {
        seq: first + 1,
        type: 'begun',
        caller: 'engine-2',
        call: 'hypervisor.create',
        operationId: spec.marker.operationId,
      },
      { seq: first + 2, type: 'call', mutating: true, subject: 'g/web/0', outcome: 'ok', began: first + 1 },
    ])
  })
})
