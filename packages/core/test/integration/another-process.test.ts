import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { attachGroups, createManager, importDefinition, type Manager, type Run, start, updateUnit } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { connectWorld, startWorld, type World } from '@vmunit/core/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryDefinition, tierOf } from '../support/memory-definition.ts'
import { until } from '../support/until.ts'

const UNIT = 'gyoumu_a'
const SLOT = 'vmgroup_1/combined/0'
const CHILD = fileURLToPath(new URL('../support/children/slow-run.ts', import.meta.url))

let directory: string
let world: World
let manager: Manager
let socket: string
const children: ChildProcess[] = []

/** One server that has connections which do not end, and a manager in this process. */
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vmunit-other-'))
  socket = (await startWorld({ directory })).socket
  world = await connectWorld(socket)
  manager = createManager({
    hypervisors: { main: world.hypervisor },
    balancers: { edge: world.balancer },
    guests: world.guests,
    store: openSqliteStore(join(directory, 'vmunit.db')),
    principal: { name: 'user_a', role: 'builder' },
    timing: { leaseMs: 600, pollMs: 50, noticeMs: 100 },
  })
  const image = await world.admin.addImage({ template: 'web-base' })
  await manager.templates.register({ name: 'web-base', hypervisor: 'main', image })
  await world.admin.addMachine({ name: 'ap01', image, addresses: ['192.168.1.101', '192.168.2.101'], power: 'on' })
  await manager.units.create({ name: UNIT, hypervisor: 'main' })
  const tier = tierOf({ id: 'combined', type: 'combined-tier', startOrder: 1, template: 'web-base', pool: UNIT })
  const patient = { ...tier, balancer: { name: 'edge', pool: UNIT, port: 80, drainTimeoutMs: 600_000 } }
  const { hash } = await manager.definitions.add(memoryDefinition([patient], {}))
  await manager.execute(importDefinition, { unit: UNIT, definition: hash })
  const servers = [{ tierId: 'combined', address: '192.168.1.101', port: 20580, serviceAddress: '192.168.2.101' }]
  await manager.execute(attachGroups, { unit: UNIT, groups: [{ name: 'vmgroup_1', servers }], adopt: true })
  await manager.execute(updateUnit, { unit: UNIT })
  await manager.execute(start, { unit: UNIT })
  await world.admin.setConnections(UNIT, SLOT, 3)
})

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await manager.close()
  await world.stop()
  await rm(directory, { recursive: true, maxRetries: 3 })
})

interface Other {
  readonly child: ChildProcess
  readonly run: Run
  /** How the run ended for the other process. */
  readonly end: Promise<string>
}

/** Another process, which moves a run that waits for connections to end; and this process's handle on it. */
async function otherProcess(): Promise<Other> {
  const other = await spawnRun()
  await until(async () => (await other.run.state()).waitingFor)
  return other
}

async function spawnRun(...more: readonly string[]): Promise<Other> {
  const options = ['--conditions=@vmunit/source', '--disable-warning=ExperimentalWarning']
  const child = spawn(process.execPath, [...options, CHILD, socket, join(directory, 'vmunit.db'), UNIT, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async (): Promise<string> => String((await lines.next()).value)
  const run = await manager.run(await line())
  return { child, run, end: line() }
}

describe('a run that another process moves', () => {
  it('is slow: it says what it waits for, and its process gives signs of life', async () => {
    const { child, run } = await otherProcess()
    const first = await run.state()
    expect(first).toMatchObject({ state: 'running', owner: expect.stringContaining(` ${child.pid}`) })
    expect(first.waitingFor).toBe(`the connections of ${SLOT} to end, 3 are left, in ${SLOT}/block`)
    await world.admin.setConnections(UNIT, SLOT, 2)
    const later = await until(async () => {
      const now = await run.state()
      const isAlive = (now.heartbeatAt ?? 0) > (first.heartbeatAt ?? 0) + 600
      return isAlive && now.waitingFor?.includes('2 are left') ? now : undefined
    })
    expect(later.state).toBe('running')
    const { sentences } = await manager.explain(run.id, SLOT)
    expect(sentences).toContainEqual(
      `${SLOT}/block has begun and not ended; it waits for the connections of ${SLOT} to end, 2 are left.`,
    )
    await world.admin.setConnections(UNIT, SLOT, 0)
    await run.result()
    expect(await run.state()).toMatchObject({ state: 'succeeded', waitingFor: undefined, owner: undefined })
  })

  it('is dead: its run is interrupted, says so, and goes on elsewhere', async () => {
    const { child, run } = await otherProcess()
    child.kill('SIGKILL')
    const status = await run.until('interrupted')
    expect(status.heartbeatAt).toBeUndefined()
    expect(status.waitingFor).toContain('resume')
    await world.admin.setConnections(UNIT, SLOT, 0)
    const [resumed] = await manager.resume(run.id)
    await resumed?.result()
    expect((await run.state()).state).toBe('succeeded')
  })

  it('is stopped: its run is interrupted as soon as its lease has expired, and goes on with the process', async () => {
    const { child, run } = await otherProcess()
    child.kill('SIGSTOP')
    await run.until('interrupted')
    child.kill('SIGCONT')
    await run.until('running')
    await world.admin.setConnections(UNIT, SLOT, 0)
    await run.result()
  })

  it('waits for a person: that is known here, and so is that it ends', async () => {
    const { run, end } = await spawnRun('approval')
    const { request = '' } = await run.until('waiting')
    const refused = run.until('paused').catch((error: unknown) => error)
    const second = manager.as({ name: 'user_b', role: 'administrator' })
    await second.answer(request, { approve: false, planHash: run.plan.hash })
    expect(await end).toBe('ERR_CANCELLED')
    expect(await refused).toMatchObject({ code: 'ERR_WRONG_STATE', details: { state: 'cancelled' } })
  })

  it('is paused from here, and cancelled from here', async () => {
    const { run, end } = await otherProcess()
    await run.pause()
    expect(await end).toBe('ERR_PAUSED')
    expect(await run.state()).toMatchObject({ state: 'paused', owner: undefined })
    await run.cancel('no longer needed')
    expect((await run.state()).state).toBe('cancelled')
    await expect(run.result()).rejects.toMatchObject({ code: 'ERR_CANCELLED', details: { halfDone: [SLOT] } })
    expect((await manager.explain(run.id, SLOT)).sentences.at(-1)).toContain('half done')
  })

  it('is cancelled from here while it is moved there, and shows all its events', async () => {
    const { run, end } = await otherProcess()
    const seen: string[] = []
    const watching = (async () => {
      for await (const { type } of run.events()) seen.push(type)
    })()
    await run.cancel('no longer needed')
    await watching
    expect(await end).toBe('ERR_CANCELLED')
    expect(seen[0]).toBe('run.created')
    expect(seen).toContain('wait.noted')
    expect(seen.at(-1)).toBe('run.cancelled')
  })
})
