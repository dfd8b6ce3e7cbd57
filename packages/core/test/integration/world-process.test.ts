import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectWorld, startWorld, type World, type WorldProcess } from '../../src/testing/index.ts'
import { boot, reach, say, specOf } from '../unit/testing/world/fleet.ts'

let directory = ''
const started = new Set<number>()

async function start(world = {}): Promise<WorldProcess> {
  const process = await startWorld({ directory, world })
  started.add(process.pid)
  return process
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function gone(pid: number): Promise<void> {
  for (let left = 500; left > 0 && isAlive(pid); left -= 1) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(isAlive(pid)).toBe(false)
}

async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await gone(pid)
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vmunit-world-'))
})

afterEach(async () => {
  for (const pid of started) if (isAlive(pid)) await kill(pid)
  started.clear()
  await rm(directory, { recursive: true })
})

describe('a world process', () => {
  it('is not sent what its caller is not permitted to send', async () => {
    const { socket } = await start()
    await using world = await connectWorld(socket)
    const refuse = (): never => {
      throw new Error('not any more')
    }
    const pool = { name: 'p', port: 80 }
    await expect(world.balancer.ensurePool(pool, { permit: refuse })).rejects.toThrow('not any more')
    expect(await world.admin.pools()).toEqual([])
    expect(await world.admin.log()).toEqual([])
    await world.balancer.ensurePool(pool, { permit: () => {} })
    expect(await world.admin.pools()).toHaveLength(1)
  })

  it('does over its socket what a world does in process', async () => {
    const { socket } = await start({ limits: { create: 8 } })
    await using world = await connectWorld(socket, { caller: 'test' })
    expect(world.hypervisor.limits?.cost('create', {})).toEqual([{ resource: 'simulator', units: 1, capacity: 8 }])
    const image = await world.admin.addImage({ files: { '/etc/motd': 'hello' } })
    const { guest } = await boot(world, specOf(image))
    expect(await say(guest, 'cat', '/etc/motd')).toBe('hello')
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const hash = '40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880'
    const file = { path: 'bytes', hash, sizeBytes: bytes.length, executable: false }
    let reads = 0
    const read = async function* () {
      reads += 1
      yield bytes.subarray(0, 100)
      yield bytes.subarray(100)
    }
    for (let round = 0; round < 2; round += 1)
      expect(await guest.push({ hash: 'tree', files: [file], read }, '/srv')).toBe('tree')
    expect(reads).toBe(1)
    expect((await guest.exec({ argv: ['cat', '/srv/bytes'] })).stdout).toEqual(Uint8Array.from(bytes))
    const archive = Buffer.concat(await Array.fromAsync(guest.pull(['/srv'], 10_000)))
    expect(archive.subarray(512, 768)).toEqual(bytes)
    await expect(guest.exec({ argv: ['echo', 'a\0b'] })).rejects.toMatchObject({ code: 'ERR_INVALID_INPUT' })
    const log = await world.as('other').admin.log()
    expect(log).toContainEqual(expect.objectContaining({ caller: 'test', call: 'hypervisor.create', outcome: 'ok' }))
  })

  it('rejects an aborted call with its reason, and finishes the work', async () => {
    const { socket } = await start()
    await using world = await connectWorld(socket)
    const spec = specOf(await world.admin.addImage({}))
    await world.admin.holdCreations(true)
    const stop = new AbortController()
    const reason = new Error('enough')
    const creation = expect(world.hypervisor.create(spec, { signal: stop.signal })).rejects.toBe(reason)
    while ((await world.hypervisor.created(spec)).state !== 'busy');
    stop.abort(reason)
    await creation
    await world.admin.holdCreations(false)
    expect((await world.hypervisor.create(spec)).marker).toEqual(spec.marker)
    expect(await world.admin.machines()).toHaveLength(1)
  })

  it('is found again by whoever starts it again, and outlives its starter', async () => {
    const starter = join(directory, 'starter.ts')
    const code = `import { startWorld } from ${JSON.stringify(new URL('../../src/testing/index.ts', import.meta.url).href)}
      process.stdout.write(JSON.stringify(await startWorld({ directory: ${JSON.stringify(directory)} })))`
    await writeFile(starter, code)
    const child = spawn(process.execPath, [starter], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [output, [exitCode]] = await Promise.all([child.stdout.setEncoding('utf8').toArray(), once(child, 'exit')])
    expect(exitCode).toBe(0)
    const { pid, socket } = JSON.parse(output.join('')) as WorldProcess
    started.add(pid)
    expect(await start()).toEqual({ pid, socket })
    await using world = await connectWorld(socket)
    expect(await world.admin.machines()).toEqual([])
    await world.stop()
    await gone(pid)
  })

  it('is one, however many start it at once, also over the socket of a killed one', async () => {
    const { pid } = await start()
    await kill(pid)
    const all = await Promise.all([start(), start(), start()])
    expect(new Set(all.map((each) => each.pid)).size).toBe(1)
    expect(all[0]?.pid).not.toBe(pid)
  })

  it('gives up starting when it is told to', async () => {
    const stop = new AbortController()
    const starting = expect(startWorld({ directory, call: { signal: stop.signal } })).rejects.toBe('enough')
    stop.abort('enough')
    await starting
    await expect(connectWorld(join(directory, 'world.sock'))).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
  })

  it('goes on from its file after SIGKILL, and its clients connect anew', async () => {
    const first = await start()
    const world: World = await connectWorld(first.socket)
    const image = await world.admin.addImage({ template: 'web', files: { '/opt/run': '#!/bin/sh\nsleep 600' } })
    const spec = specOf(image)
    const { machine, guest } = await boot(world, spec)
    await guest.exec({ argv: ['systemctl', 'start', 'app'] })
    await guest.startJob('r/done#1', { argv: ['true'] })
    await guest.startJob('r/run#1', { argv: ['/opt/run'] })
    await world.balancer.ensurePool({ name: 'web', port: 80 })
    await world.balancer.ensureMember('web', { slot: 'g/web/0', address: '10.0.0.1', port: 80 })
    await world.admin.faults([{ call: 'hypervisor.remove', skip: 1, effect: { type: 'error', code: 'ERR_DRIVER' } }])
    await world.admin.saved()
    const before = {
      machines: await world.admin.machines(),
      log: await world.admin.log(),
      pools: await world.admin.pools(),
    }

    const hanging = expect(guest.exec({ argv: ['sleep', '600'] })).rejects.toMatchObject({
      code: 'ERR_UNAVAILABLE',
      retryable: true,
    })
    await kill(first.pid)
    await hanging
    await expect(world.admin.machines()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', retryable: true })
    const second = await start()
    expect(second.pid).not.toBe(first.pid)

    expect(await world.admin.machines()).toEqual(before.machines)
    expect(await world.admin.pools()).toEqual(before.pools)
    expect((await world.admin.log()).slice(0, before.log.length)).toEqual(before.log)
    expect((await world.hypervisor.created(spec)).state).toBe('done')
    const again = await reach(world, machine.id)
    expect((await again.guest.job('r/done#1')).state).toBe('done')
    expect((await again.guest.job('r/run#1')).state).toBe('unknown')
    expect(await say(again.guest, 'cat', '/opt/run')).toContain('sleep 600')
    const next = specOf(image, 1)
    const { id } = await world.hypervisor.create(next)
    expect(id).not.toBe(machine.id)
    await world.hypervisor.remove({ id, marker: next.marker })
    await expect(world.hypervisor.remove({ id, marker: next.marker })).rejects.toMatchObject({ code: 'ERR_DRIVER' })
    await world.stop()
    await gone(second.pid)
    const lines = (await readFile(join(directory, 'world.jsonl'), 'utf8')).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual(lines.map((_, index) => index + 1))
  })

  it('keeps what its address pool has handed out, and what rests there, after SIGKILL', async () => {
    const settings = { networks: { management: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] } }
    const first = await start(settings)
    await using world = await connectWorld(first.socket)
    const pool = world.addresses
    expect([await pool.reserve('management', 'r/a#1'), await pool.reserve('management', 'r/b#1')]).toEqual([
      '10.0.0.1',
      '10.0.0.2',
    ])
    await pool.release('10.0.0.2', 'r/b#1')
    await world.admin.saved()
    await kill(first.pid)
    const second = await start(settings)
    await using later = await connectWorld(second.socket)
    expect(await later.addresses.reserve('management', 'r/a#1')).toBe('10.0.0.1')
    expect(await later.addresses.reserve('management', 'r/c#1')).toBe('10.0.0.3')
    await expect(later.addresses.reserve('management', 'r/d#1')).rejects.toMatchObject({ code: 'ERR_LIMIT_REACHED' })
  })

  it('saves everything when it is asked to end', async () => {
    const first = await start()
    const world = await connectWorld(first.socket)
    await world.admin.addImage({ template: 'web' })
    process.kill(first.pid, 'SIGTERM')
    await gone(first.pid)
    const { socket } = await start()
    await using again = await connectWorld(socket)
    expect(await again.admin.images()).toMatchObject([{ template: 'web', version: 1 }])
  })

  it('says what to do when nobody listens, and when the directory is too deep', async () => {
    await expect(connectWorld(join(directory, 'world.sock'))).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    const deep = startWorld({ directory: join(directory, 'x'.repeat(100)) })
    await expect(deep).rejects.toMatchObject({ code: 'ERR_INVALID_INPUT' })
    await writeFile(join(directory, 'state.json'), '{"format":99}')
    await expect(start()).rejects.toMatchObject({
      code: 'ERR_UNAVAILABLE',
      details: { output: expect.stringContaining('state.json') },
    })
  })
})
