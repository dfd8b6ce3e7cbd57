import { setTimeout as delay } from 'node:timers/promises'
import { isVmunitError } from '@vmunit/core'
import { expect, it, vi } from 'vitest'
import { connectVsphere } from '../../src/index.ts'
import { describeOnVcenters } from '../support/vcenters.ts'

describeOnVcenters('what goes wrong with a vCenter', (bench) => {
  it('wrong credentials are refused by name, and the password stands nowhere in the error', async () => {
    const { url, username, ca } = bench().vcenter
    const password = 'wrong-password-93'
    const refused = connectVsphere({ url, username, ca, password: () => password })
    await expect(refused).rejects.toMatchObject({ code: 'ERR_UNAUTHENTICATED', retryable: false })
    const error: unknown = await refused.catch((one: unknown) => one)
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(password)
    expect(String(error)).toContain(username)
  })

  it('a call without permission names the privilege, and nothing is made', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    const fields = '<object type="Folder">group-v3</object><privilegeId>VirtualMachine.Provisioning.Clone</privilegeId>'
    vcenter.proxy.addFault({ method: 'CloneVM_Task', effect: { kind: 'fault', name: 'NoPermission', fields } })
    const before = await vcenter.hands.machines()
    await expect(driver.create(spec())).rejects.toMatchObject({
      code: 'ERR_PERMISSION_DENIED',
      retryable: false,
      details: { fault: 'NoPermission', privilegeId: 'VirtualMachine.Provisioning.Clone' },
    })
    expect(await vcenter.hands.machines()).toHaveLength(before.length)
  })

  for (const mode of ['fault', 'missingSet'] as const) {
    it(`an expired session (as ${mode}) is renewed once for all calls, and none of them notices`, async () => {
      const { vcenter, connect, spec } = bench()
      const driver = await connect()
      const machine = await driver.create(spec())
      const mark = vcenter.proxy.mark()
      await vcenter.proxy.expireSessions(mode)
      const looks = await Promise.all(Array.from({ length: 8 }, () => driver.inventory({ ids: [machine.id] })))
      for (const { machines } of looks) expect(machines.map(({ id }) => id)).toEqual([machine.id])
      expect(vcenter.proxy.counts({ since: mark })['Login']).toBe(1)
    })

    it(`an empty inventory is not made of an expired session (as ${mode})`, async () => {
      const { vcenter, connect, spec } = bench()
      const driver = await connect()
      const { id } = await driver.create(spec())
      await vcenter.proxy.expireSessions(mode)
      const { machines } = await driver.inventory({})
      expect(machines.map((machine) => machine.id)).toEqual([id])
    })
  }

  it('a session that expires while a clone runs does not lose the clone', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    await vcenter.proxy.holdCreations(true)
    const wanted = spec()
    const since = vcenter.proxy.mark()
    const creation = driver.create(wanted)
    creation.catch(() => {})
    await vi.waitUntil(() => vcenter.proxy.count({ since, method: 'ModifyListView' }) > 0, { timeout: 20_000 })
    await vcenter.proxy.expireSessions('fault')
    await vcenter.proxy.holdCreations(false)
    expect((await creation).marker).toEqual(wanted.marker)
    expect((await vcenter.hands.machines()).filter(({ name }) => name === wanted.name)).toHaveLength(1)
  })

  it('a vCenter that is away in the middle of a clone does not fail the creation', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    await vcenter.proxy.holdCreations(true)
    const wanted = spec()
    const since = vcenter.proxy.mark()
    const creation = driver.create(wanted)
    creation.catch(() => {})
    await vi.waitUntil(() => vcenter.proxy.count({ since, method: 'ModifyListView' }) > 0, { timeout: 20_000 })
    vcenter.proxy.down(true)
    await expect(driver.inventory({})).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
    await vcenter.proxy.holdCreations(false)
    await delay(3_000)
    vcenter.proxy.down(false)
    expect((await creation).name).toBe(wanted.name)
    expect((await vcenter.hands.machines()).filter(({ name }) => name === wanted.name)).toHaveLength(1)
  })

  it('a vCenter that stays away fails those who wait after the time they were given, and the machine is found later', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect({ outageMs: 300 })
    await vcenter.proxy.holdCreations(true)
    const wanted = spec()
    const since = vcenter.proxy.mark()
    const creation = driver.create(wanted)
    creation.catch(() => {})
    await vi.waitUntil(() => vcenter.proxy.count({ since, method: 'ModifyListView' }) > 0, { timeout: 20_000 })
    vcenter.proxy.down(true)
    await expect(creation).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
    vcenter.proxy.down(false)
    await vcenter.proxy.holdCreations(false)
    expect((await driver.create(wanted)).name).toBe(wanted.name)
    expect((await vcenter.hands.machines()).filter(({ name }) => name === wanted.name)).toHaveLength(1)
  })

  it('a lost answer to CloneVM_Task makes one machine, which is found', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    vcenter.proxy.addFault({ method: 'CloneVM_Task', times: 1, effect: { kind: 'lostAnswer' } })
    const wanted = spec()
    await expect(driver.create(wanted)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
    await vi.waitUntil(async () => (await driver.created(wanted)).state === 'done', { timeout: 20_000 })
    const { id } = await driver.create(wanted)
    const made = (await vcenter.hands.machines()).filter(({ name }) => name === wanted.name)
    expect(made.map((machine) => machine.id)).toEqual([id])
  })

  it('a lost answer of the stream is no lost news', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    vcenter.proxy.addFault({ method: 'WaitForUpdatesEx', times: 3, effect: { kind: 'lostAnswer' } })
    const wanted = spec()
    const { id } = await driver.create(wanted)
    await driver.power({ id, marker: wanted.marker }, 'on')
    expect((await driver.inventory({ ids: [id] })).machines[0]?.power).toBe('on')
  })

  it('a gateway that answers 503 is told as something that passes', async () => {
    const { vcenter, connect } = bench()
    const driver = await connect()
    vcenter.proxy.addFault({ method: 'RetrievePropertiesEx', effect: { kind: 'unavailable' } })
    await expect(driver.inventory({})).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
  })

  it('machines of a host that does not answer are neither changed nor taken for gone', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    const wanted = spec()
    const { id } = await driver.create(wanted)
    const owner = (await vcenter.hands.hosts()).find(({ machines }) => machines.includes(id))
    await vcenter.proxy.hostNotResponding(owner?.id ?? '', true)
    const { machines, blind } = await driver.inventory({ unit: wanted.marker.unit })
    expect(blind).toEqual([owner?.name])
    const seen = machines.find((machine) => machine.id === id)
    expect(seen).toMatchObject({ marker: 'unreadable', power: 'unknown' })
    expect((await driver.created(wanted)).state).toBe('unknown')
    const machine = { id, marker: wanted.marker }
    const mark = vcenter.proxy.mark()
    for (const call of [driver.power(machine, 'on'), driver.remove(machine), driver.adopt(id, wanted.marker)]) {
      await expect(call).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
    }
    expect(vcenter.proxy.calls({ since: mark, mutating: true })).toEqual([])
  })

  it('a machine whose configuration is hidden while it is cloned is busy, and never without marker', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    vcenter.proxy.setCloneDuration(1_500)
    const wanted = spec()
    const creation = driver.create(wanted)
    const seen = new Set<string>()
    await vi.waitUntil(
      async () => {
        const { machines } = await driver.inventory({})
        for (const { name, marker } of machines) if (name === wanted.name) seen.add(JSON.stringify(marker))
        return seen.size > 0
      },
      { timeout: 20_000, interval: 20 },
    )
    expect([...seen]).toEqual(['"unreadable"'])
    expect((await driver.created(wanted)).state).toBe('busy')
    expect((await creation).marker).toEqual(wanted.marker)
  })

  it('a foreign clone that carries a copied marker is left alone', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    const wanted = spec()
    const { id } = await driver.create(wanted)
    const copy = await vcenter.hands.clone(id, 'restored-from-backup')
    const mark = vcenter.proxy.mark()
    const stolen = { id: copy, marker: wanted.marker }
    for (const call of [driver.power(stolen, 'on'), driver.remove(stolen), driver.release({ ...stolen })]) {
      const error: unknown = await call.catch((one: unknown) => one)
      expect(error === undefined || isVmunitError(error, 'ERR_NOT_OWNED')).toBe(true)
    }
    expect(vcenter.proxy.calls({ since: mark, mutating: true })).toEqual([])
    expect((await vcenter.hands.machines()).map((machine) => machine.id)).toContain(copy)
  })

  it('an abort in the middle of each wait rejects at once, and what was begun goes on', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    const wanted = spec()
    const { id } = await driver.create(wanted)
    await driver.power({ id, marker: wanted.marker }, 'on')
    const answered = Promise.withResolvers<void>()
    vcenter.proxy.setGuestPower({
      shutdown: async () => await answered.promise,
      reboot: async () => undefined,
    })
    const stop = new AbortController()
    const since = vcenter.proxy.mark()
    const shutdown = driver.power({ id, marker: wanted.marker }, 'shutdown', { signal: stop.signal })
    shutdown.catch(() => {})
    await vi.waitUntil(() => vcenter.proxy.count({ since, method: 'ShutdownGuest' }) > 0, { timeout: 20_000 })
    stop.abort(new Error('enough'))
    await expect(shutdown).rejects.toThrow('enough')
    answered.resolve()
    await driver.power({ id, marker: wanted.marker }, 'shutdown')
    expect((await driver.inventory({ ids: [id] })).machines[0]?.power).toBe('off')
  })

  it('the name of a call’s operation travels to vCenter', async () => {
    const { vcenter, connect, spec } = bench()
    const driver = await connect()
    const wanted = spec()
    await driver.create(wanted)
    const [clone] = vcenter.proxy.calls({ method: 'CloneVM_Task' }).slice(-1)
    expect(clone?.operationId).toBe(wanted.marker.operationId)
  })
})
