import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { availableVcsims, createAuthority, startVcenter } from '@vmunit/testbed'
import { describe, expect, it } from 'vitest'
import { waitUntil } from '../../../src/processes/wait-until.ts'
import { cloneContent, openSession } from './soap-session.ts'
import { vm } from './updates.ts'

/** Whether a process runs; one that has ended and that nobody waits for does not. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return /\) [^ZX]/.test(stat)
}

describe.each(await availableVcsims())('the hands of a person (%s)', (govmomi) => {
  it('make, copy, switch, change and destroy machines, in no log', async () => {
    await using vcenter = await startVcenter({ govmomi })
    const { hands, proxy } = vcenter
    const folder = await hands.createFolder('web')
    const id = await hands.createMachine({
      name: 'ap <01>',
      folder,
      addresses: ['127.77.0.1', '127.78.0.1'],
      hostname: 'ap01',
      extraConfig: { a: '1', b: 'x & y' },
    })
    await hands.power(id, 'on')
    await hands.reconfigure(id, { a: '', c: '3' })
    const find = async (wanted: string) => (await hands.machines()).find((machine) => machine.id === wanted)
    expect(await find(id)).toMatchObject({
      name: 'ap <01>',
      folder,
      power: 'on',
      isTemplate: false,
      addresses: ['127.77.0.1', '127.78.0.1'],
      hostname: 'ap01',
      extraConfig: { b: 'x & y', c: '3' },
    })
    const copy = await hands.clone(id, 'copy')
    expect(await find(copy)).toMatchObject({ power: 'off', extraConfig: { b: 'x & y', c: '3' } })
    expect((await find(copy))?.instanceUuid).not.toBe((await find(id))?.instanceUuid)
    await hands.rename(copy, 'template')
    await hands.markAsTemplate(copy)
    expect(await find(copy)).toMatchObject({ name: 'template', isTemplate: true })
    const hosts = await hands.hosts()
    expect(hosts.flatMap(({ machines }) => machines).toSorted()).toEqual([copy, id].toSorted())
    await hands.destroy(id)
    expect((await hands.machines()).map((machine) => machine.id)).toEqual([copy])
    expect(proxy.calls()).toEqual([])
  })

  it('publish for a guest what is gone when its machine goes off, however it does', async () => {
    await using vcenter = await startVcenter({ govmomi })
    const { hands } = vcenter
    using session = openSession(vcenter)
    await session.login()
    const id = await hands.createMachine({ name: 'ap01', extraConfig: { 'guestinfo.given': 'by a client' } })
    const told = async () => (await hands.machines())[0]
    const given = { 'guestinfo.given': 'by a client' }
    await hands.publish(id, { 'guestinfo.keys': 'too early' })
    expect(await told()).toMatchObject({ power: 'off', extraConfig: given })
    const offs = [
      async () => await hands.power(id, 'off'),
      async () => await session.run('PowerOffVM_Task', vm(id)),
      async () => await session.call('ShutdownGuest', vm(id)),
    ]
    for (const goOff of offs) {
      await hands.power(id, 'on')
      await hands.publish(id, { 'guestinfo.keys': 'a' })
      await hands.publish(id, { 'guestinfo.keys': 'b', 'guestinfo.more': 'c' })
      expect((await told())?.extraConfig).toMatchObject({ ...given, 'guestinfo.keys': 'b', 'guestinfo.more': 'c' })
      await goOff()
      await waitUntil(async () => ((await told())?.power === 'off' ? true : undefined), {
        what: 'the machine to be off',
      })
      const options = Object.entries((await told())?.extraConfig ?? {})
      expect(Object.fromEntries(options.filter(([key]) => key.startsWith('guestinfo.')))).toEqual(given)
    }
  })

  it('put a host into maintenance mode and take it out', async () => {
    await using vcenter = await startVcenter({ govmomi })
    using session = openSession(vcenter)
    await session.login()
    const [host] = await vcenter.hands.hosts()
    const mode = async () => await session.read(['HostSystem', host?.id ?? ''], ['runtime.inMaintenanceMode'])
    const seen = [await mode()]
    for (const on of [true, false]) {
      await vcenter.hands.setMaintenance(host?.id ?? '', on)
      seen.push(await mode())
    }
    expect(seen.map((each) => each['runtime.inMaintenanceMode'])).toEqual(['false', 'true', 'false'])
  })

  it('find out where every clone comes from, by the events of vCenter', async () => {
    await using vcenter = await startVcenter({ govmomi })
    using session = openSession(vcenter)
    await session.login()
    const template = await vcenter.hands.createMachine({ name: 'template' })
    const first = await session.run('CloneVM_Task', vm(template), cloneContent(vcenter, 'first'))
    const second = await vcenter.hands.clone(first, 'second')
    for (let n = 0; n < 30; n += 1) await vcenter.hands.clone(template, `more-${n}`)
    const lineage = await vcenter.hands.lineage()
    expect(lineage.size).toBe(32)
    expect(lineage.get(first)).toBe(template)
    expect(lineage.get(second)).toBe(first)
    expect(await vcenter.hands.sourceOf(template)).toBeUndefined()
  })

  it('list a hundred machines at once', async () => {
    await using vcenter = await startVcenter({ govmomi, machines: 100 })
    await vcenter.hands.machines()
    const times: number[] = []
    for (let n = 0; n < 9; n += 1) {
      const startedAt = performance.now()
      expect(await vcenter.hands.machines()).toHaveLength(100)
      times.push(performance.now() - startedAt)
    }
    console.log(`100 machines listed in ${times.toSorted((a, b) => a - b)[4]?.toFixed(1)} ms`)
  })

  it('leave no process and no file behind, neither closed nor killed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'vmunit-test-'))
    const script = `
      import { startVcenter } from '@vmunit/testbed'
      const vcenter = await startVcenter({ govmomi: '${govmomi}' })
      console.log(vcenter.pid)
      process.stdin.once('data', async () => { await vcenter.close(); process.stdin.destroy() })
    `
    const args = ['--conditions=@vmunit/source', '--input-type=module-typescript', '--eval', script]
    const start = async () => {
      const child = spawn(process.execPath, args, {
        cwd: join(import.meta.dirname, '../../..'),
        env: { ...process.env, TMPDIR: directory },
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
      return { child, pid: Number(line) }
    }
    try {
      const closed = await start()
      expect(await isAlive(closed.pid)).toBe(true)
      expect(await readdir(directory)).not.toEqual([])
      closed.child.stdin.write('close\n')
      // It ends by itself: nothing is left that keeps it alive.
      expect(await once(closed.child, 'exit')).toEqual([0, null])
      expect(await isAlive(closed.pid)).toBe(false)
      expect(await readdir(directory)).toEqual([])
      const killed = await start()
      killed.child.kill('SIGKILL')
      await expect.poll(async () => await isAlive(killed.pid)).toBe(false)
      expect(await readdir(directory)).toEqual([])
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})

describe('certificates', () => {
  const tries = async (options: Parameters<typeof startVcenter>[0], ca?: string): Promise<unknown> => {
    await using vcenter = await startVcenter(options)
    using session = openSession({ ...vcenter, ca: ca ?? vcenter.ca })
    return await session.login().then(
      () => 'ok',
      (error: NodeJS.ErrnoException) => error.code,
    )
  }

  it('are good, expired, of another name, or of another authority', async () => {
    expect(await tries({})).toBe('ok')
    expect(await tries({ certificate: 'expired' })).toBe('CERT_HAS_EXPIRED')
    expect(await tries({ certificate: 'wrongName' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
    const other = await createAuthority('another authority')
    expect(await tries({}, other.certificate)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    expect(await tries({ authority: other }, other.certificate)).toBe('ok')
  })
})
