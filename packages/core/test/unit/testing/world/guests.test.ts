import { describe, expect, it } from 'vitest'
import { createWorld, manualClock, virtualClock } from '../../../../src/testing/index.ts'
import { boot, say, specOf } from './fleet.ts'

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe('guests', () => {
  it('run scripts with their environment, and stop at a failure after set -e', async () => {
    const world = createWorld()
    const image = await world.admin.addImage({
      files: {
        '/opt/strict': '#!/bin/sh\n# comment\nset -e\necho "hello  $NAME" ${1} \'$NAME\'\nfalse # fails\necho never\n',
        '/opt/lax': 'FILE=/srv/x\nmkdir /srv\nfalse\necho written >> $FILE\necho again >> $FILE\ncat $FILE\nexit 7\n',
      },
    })
    const { guest } = await boot(world, specOf(image))
    const strict = await guest.exec({ argv: ['/opt/strict', 'you'], environment: { NAME: 'Ann' } })
    expect([strict.exitCode, decode(strict.stdout)]).toEqual([1, 'hello  Ann you $NAME\n'])
    const lax = await guest.exec({ argv: ['sh', '/opt/lax'] })
    expect([lax.exitCode, decode(lax.stdout)]).toEqual([7, 'written\nagain\n'])
    expect((await guest.exec({ argv: ['/opt/lax'] })).exitCode).toBe(126)
    const missing = await guest.exec({ argv: ['no-such-program'] })
    expect([missing.exitCode, decode(missing.stderr)]).toEqual([127, 'no-such-program: not found\n'])
  })

  it('have the usual programs for files', async () => {
    const world = createWorld()
    const { guest } = await boot(world, specOf(await world.admin.addImage({ files: { '/etc/a': 'one' } })))
    const code = async (...argv: readonly [string, ...string[]]) => (await guest.exec({ argv })).exitCode
    expect(await code('test', '-d', '/etc')).toBe(0)
    expect(await code('mkdir', '-p', '/srv/data')).toBe(0)
    expect(await code('cp', '/etc/a', '/srv/data')).toBe(0)
    expect(await say(guest, 'cat', '/srv/data/a')).toBe('one')
    expect(await code('rm', '-rf', '/etc')).toBe(0)
    expect(await code('test', '-e', '/etc/a')).toBe(1)
    expect(await code('rm', '/etc/a')).toBe(1)
    expect(await code('touch', '/etc/b')).toBe(0)
    expect(await world.admin.files((await world.admin.machines())[0]?.id ?? '')).toEqual(['/etc/b', '/srv/data/a'])
    expect(await code('printenv', 'NONE')).toBe(1)
  })

  it('keep the record of a job when the power goes, and do not know how far it came', async () => {
    const clock = manualClock()
    const world = createWorld({ clock })
    const { machine, guest } = await boot(world, specOf(await world.admin.addImage({})))
    await guest.startJob('r/short#1', { argv: ['sleep', '1'] })
    await guest.startJob('r/long#1', { argv: ['sleep', '100'] })
    await clock.advance(1000)
    await world.admin.setPower(machine.id, 'off')
    await world.admin.setPower(machine.id, 'on')
    expect(await guest.job('r/short#1')).toMatchObject({ state: 'done', value: { exitCode: 0 } })
    expect((await guest.job('r/long#1')).state).toBe('unknown')
    await guest.startJob('r/long#1', { argv: ['sleep', '100'] })
    await clock.advance(200_000)
    expect((await guest.job('r/long#1')).state).toBe('unknown')
    expect((await guest.job('r/never#1')).state).toBe('absent')
  })

  it('end what runs too long, and what is stopped', async () => {
    const clock = virtualClock()
    const world = createWorld({ clock })
    const { guest } = await boot(world, specOf(await world.admin.addImage({})))
    expect(await guest.exec({ argv: ['sleep', '3600'], timeoutMs: 1000 })).toMatchObject({ exitCode: 124 })
    expect(clock.now()).toBe(1000)
    await guest.startJob('r/slow#1', { argv: ['sh', '-c', 'sleep 3600\ntouch /done'] })
    await guest.stopJob('r/slow#1')
    expect(await guest.job('r/slow#1')).toMatchObject({ state: 'done', value: { exitCode: 143 } })
    await clock.sleep(7_200_000)
    expect((await guest.exec({ argv: ['test', '-f', '/done'] })).exitCode).toBe(1)
  })

  it('end a script that reboots its own guest there', async () => {
    const world = createWorld()
    const { guest } = await boot(world, specOf(await world.admin.addImage({})))
    const before = await guest.bootId()
    await guest.startJob('r/reboot#1', { argv: ['sh', '-c', 'reboot\ntouch /after'] })
    expect((await guest.job('r/reboot#1')).state).toBe('unknown')
    expect(await guest.bootId()).not.toBe(before)
    expect((await guest.exec({ argv: ['test', '-f', '/after'] })).exitCode).toBe(1)
  })

  it('reject a command that the power ended', async () => {
    const clock = manualClock()
    const world = createWorld({ clock })
    const { machine, guest } = await boot(world, specOf(await world.admin.addImage({})))
    const running = expect(guest.exec({ argv: ['sleep', '5'] })).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    await world.admin.setPower(machine.id, 'off')
    await running
  })

  it('lose their services with the power, and refuse to start a broken one', async () => {
    const world = createWorld()
    const { machine, guest } = await boot(world, specOf(await world.admin.addImage({})))
    expect((await guest.exec({ argv: ['systemctl', 'start', 'app'] })).exitCode).toBe(0)
    expect(await say(guest, 'systemctl', 'is-active', 'app')).toBe('active\n')
    await guest.exec({ argv: ['reboot'] })
    expect((await guest.exec({ argv: ['systemctl', 'is-active', 'app'] })).exitCode).toBe(3)
    await world.admin.writeFile(machine.id, '/etc/app.broken', '')
    expect((await guest.exec({ argv: ['systemctl', 'restart', 'app'] })).exitCode).toBe(1)
  })
})
