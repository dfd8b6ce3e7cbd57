import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { waitUntil } from '../../src/processes/wait-until.ts'
import { httpGet, type Lab, openLab } from './guests-support.ts'

let lab: Lab

beforeAll(async () => {
  lab = await openLab()
})

afterAll(async () => {
  await lab[Symbol.asyncDispose]()
})

const text = async (id: string, script: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await lab.host.exec(id, ['sh', '-c', script])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}

it('gives a guest a root, processes and a hostname of its own', async () => {
  await lab.host.start('vm-1', lab.settings(1))
  expect(await text('vm-1', 'hostname; cat /etc/release')).toBe('guest-1\nguest of the testbed\n')
  expect((await text('vm-1', 'ps -o pid,comm')).split('\n')[1]).toMatch(/^ +1 init/)
  expect(await text('vm-1', 'ls -A /root /run/machine 2>&1 || true')).not.toMatch(/package\.json|bash/)
  const mounts = await text('vm-1', 'cut -d" " -f2 /proc/mounts')
  expect(mounts.split('\n')).toEqual(expect.arrayContaining(['/', '/proc', '/tmp', '/run', '/dev/pts']))
  expect(mounts).not.toContain(lab.instance.directory)
})

it('lets a guest change nothing that it shares with the machine', async () => {
  await lab.host.start('vm-1', lab.settings(1))
  // Each would do no harm where it is permitted.
  const scripts = [
    'date -s @$(date +%s)',
    'cat /proc/sys/vm/swappiness >/proc/sys/vm/swappiness',
    'ip addr add 127.0.0.1/8 dev lo',
  ]
  for (const script of scripts) {
    const answers = [await lab.host.exec('vm-1', ['sh', '-c', script]), await lab.ssh(1, script)]
    for (const { stderr } of answers) expect(stderr, script).toMatch(/not permitted|Read-only/)
  }
})

it('has what a POSIX guest has', async () => {
  await lab.host.start('vm-1', lab.settings(1))
  const names = 'sh setsid sha256sum tar mv ln stat kill cat touch timeout od dd find sleep printenv mktemp sftp-server'
  const path = '/usr/lib/openssh:/usr/bin'
  expect(await text('vm-1', `for p in ${names}; do PATH=${path} which $p >/dev/null || echo $p; done`)).toBe('')
  expect(await text('vm-1', 'sleep 0.01; A=b printenv A; printf abc | sha256sum | cut -c 1-8')).toBe('b\nba7816bf\n')
})

it('answers the real ssh client with the host key that is known of it, and only then', async () => {
  await lab.host.start('vm-2', lab.settings(2))
  await lab.host.start('vm-3', lab.settings(3))
  expect(await lab.ssh(2, 'id -un; hostname')).toMatchObject({ exitCode: 0, stdout: 'root\nguest-2\n' })
  expect(await lab.ssh(3, 'id -un; pwd', { user: 'deploy' })).toMatchObject({ stdout: 'deploy\n/home/deploy\n' })
  const forged = await lab.ssh(2, 'true', { keys: await lab.host.hostKeys('vm-3') })
  expect(forged.exitCode).toBe(255)
  expect(forged.stderr).toContain('Host key verification failed')
  expect((await lab.ssh(2, 'true', { user: 'nobody' })).stderr).toContain('Permission denied')
})

it('keeps the disk and changes the boot id when a guest boots anew, by whomever', async () => {
  const { host } = lab
  await host.start('vm-4', lab.settings(4))
  const boots = new Set<string>()
  const look = async (): Promise<void> => {
    boots.add(await text('vm-4', 'cat /proc/sys/kernel/random/boot_id'))
    expect(await host.readFile('vm-4', '/var/kept')).toBe('yes\n')
    expect(await text('vm-4', 'ls /tmp')).toBe('')
  }
  const keys = await host.hostKeys('vm-4')
  await text('vm-4', 'echo yes >/var/kept; echo no >/tmp/lost')
  await host.reboot('vm-4')
  await look()
  await text('vm-4', 'echo no >/tmp/lost')
  await host.shutdown('vm-4')
  expect(await host.readFile('vm-4', '/var/kept')).toBe('yes\n')
  await host.start('vm-4', lab.settings(4))
  await look()
  const answers = Promise.withResolvers<string>()
  const stop = host.onEnd((id, end) => answers.resolve(`${id} ${end}`))
  await lab.ssh(4, 'echo no >/tmp/lost; reboot')
  expect(await answers.promise).toBe('vm-4 reboot')
  stop()
  await look()
  expect(boots.size).toBe(3)
  expect(await host.hostKeys('vm-4')).toEqual(keys)
})

it('says that a guest went off by itself', async () => {
  const ends: string[] = []
  const stop = lab.host.onEnd((id, end) => ends.push(`${id} ${end}`))
  await lab.host.start('vm-5', lab.settings(5))
  await lab.ssh(5, 'poweroff')
  await waitUntil(() => ends.length > 0 || undefined, { what: 'the end of the guest' })
  await lab.host.start('vm-5', lab.settings(5))
  await lab.host.shutdown('vm-5')
  await lab.host.start('vm-5', lab.settings(5))
  await lab.host.powerOff('vm-5')
  stop()
  expect(ends).toEqual(['vm-5 poweroff'])
})

it('ends services in order at a shutdown, and asks nobody when the power goes', async () => {
  const { host } = lab
  await host.start('vm-6', lab.settings(6))
  const trap = `#!/bin/sh\ntrap 'echo in order >>/var/ended; exit' TERM\ntouch /run/trap.on\nwhile :; do sleep 0.02; done\n`
  await host.writeFile('vm-6', '/etc/services/trap', trap)
  await text('vm-6', 'systemctl enable trap && systemctl start trap && until [ -e /run/trap.on ]; do sleep 0.01; done')
  await host.shutdown('vm-6')
  expect(await host.readFile('vm-6', '/var/ended')).toBe('in order\n')
  await host.start('vm-6', lab.settings(6))
  await text('vm-6', 'until [ -e /run/trap.on ]; do sleep 0.01; done')
  await host.powerOff('vm-6')
  expect(await host.readFile('vm-6', '/var/ended')).toBe('in order\n')
})

it('gives a copy what was on the disk, and host keys of its own unless told otherwise', async () => {
  const { host } = lab
  await host.start('vm-7', lab.settings(7))
  await text(
    'vm-7',
    'dnf -y upgrade --security; rm /etc/release; mkdir -p /srv/application && echo 2 >/srv/application/version',
  )
  await host.shutdown('vm-7')
  await host.clone('vm-7', 'vm-8')
  await host.clone('vm-7', 'vm-9')
  await host.start('vm-8', lab.settings(8))
  await host.start('vm-9', { ...lab.settings(9), reuseHostKeys: true })
  await host.start('vm-7', lab.settings(7))
  await text('vm-7', 'echo later >/var/later')
  for (const id of ['vm-8', 'vm-9']) {
    expect(await host.readFile(id, '/var/log/packages.log')).toBe('dnf -y upgrade --security\n')
    expect(await host.readFile(id, '/srv/application/version')).toBe('2\n')
    expect(await host.readFile(id, '/etc/release')).toBeUndefined()
    expect(await host.readFile(id, '/var/later')).toBeUndefined()
  }
  expect(await host.hostKeys('vm-8')).not.toEqual(await host.hostKeys('vm-7'))
  expect(await host.hostKeys('vm-9')).toEqual(await host.hostKeys('vm-7'))
  await text('vm-8', 'echo mine >/etc/release')
  expect(await host.readFile('vm-7', '/etc/release')).toBeUndefined()
  // The layers that are shared live as long as somebody needs them.
  await host.remove('vm-7')
  await host.reboot('vm-8')
  expect(await host.readFile('vm-8', '/var/log/packages.log')).toBe('dnf -y upgrade --security\n')
})

it('copies a guest that is on', async () => {
  const { host } = lab
  await host.start('vm-10', lab.settings(10))
  await text('vm-10', 'echo before >/var/state; mkdir /var/new; mv /etc/release /var/new/')
  await host.clone('vm-10', 'vm-11')
  await text('vm-10', 'echo after >/var/state')
  await host.start('vm-11', lab.settings(11))
  expect(await text('vm-11', 'cat /var/state; ls /var/new; ls /etc/release 2>/dev/null || echo gone')).toBe(
    'before\nrelease\ngone\n',
  )
})

it('breaks the connections of an unplugged guest at once, and lets what runs in it go on', async () => {
  const { host } = lab
  await host.start('vm-12', lab.settings(12))
  await text('vm-12', 'systemctl start application')
  const job = 'touch /run/begun; until [ -e /run/go ]; do sleep 0.02; done; echo done >/root/job'
  const session = lab.ssh(12, `setsid sh -c '${job}' </dev/null >/dev/null 2>&1 & sleep 600`)
  await text('vm-12', 'until [ -e /run/begun ]; do sleep 0.02; done')
  await host.unplug('vm-12')
  expect((await session).exitCode).toBe(255)
  expect((await lab.ssh(12, 'true')).stderr).toContain('Connection refused')
  expect(await httpGet(lab.instance.address('service', 0, 12), '/version')).toBeUndefined()
  await text('vm-12', 'touch /run/go; until [ -e /root/job ]; do sleep 0.02; done')
  // A guest that boots meanwhile stays unplugged.
  await host.reboot('vm-12')
  expect((await lab.ssh(12, 'true')).stderr).toContain('Connection refused')
  await host.replug('vm-12')
  expect(await lab.ssh(12, 'cat /root/job')).toMatchObject({ exitCode: 0, stdout: 'done\n' })
})

it('accepts connections and says nothing while it is silent', async () => {
  const { host, instance } = lab
  await host.start('vm-13', lab.settings(13))
  await host.setSilent('vm-13', true)
  const socket = connect(22, instance.address('management', 0, 13))
  await once(socket, 'connect')
  let heard = false
  socket.on('data', () => {
    heard = true
  })
  expect((await lab.ssh(13, 'true', { keys: [], timeoutSeconds: 1 })).exitCode).toBe(255)
  expect(heard).toBe(false)
  await host.setSilent('vm-13', false)
  await waitUntil(() => heard || undefined, { what: 'the banner' })
  socket.destroy()
  expect((await lab.ssh(13, 'true')).exitCode).toBe(0)
})

it('serves an application on all its addresses while that is started', async () => {
  const { host, instance } = lab
  const addresses = [instance.address('management', 0, 14), instance.address('service', 0, 14)]
  const versions = async (): Promise<unknown> =>
    await Promise.all(addresses.map(async (one) => await httpGet(one, '/version')))
  const systemctl = async (verb: string): Promise<string> => {
    const { exitCode, stdout } = await host.exec('vm-14', ['systemctl', verb, 'application'])
    return `${exitCode} ${stdout}`.trim()
  }
  await host.start('vm-14', lab.settings(14))
  expect(await systemctl('is-active')).toBe('3 inactive')
  expect(await versions()).toEqual([undefined, undefined])
  expect(await systemctl('start')).toBe('0')
  expect(await systemctl('start')).toBe('0')
  expect(await systemctl('is-active')).toBe('0 active')
  expect(await versions()).toEqual(['1\n', '1\n'])
  expect(await httpGet(addresses[1]!, '/release')).toBe('guest of the testbed\n')
  expect(await systemctl('stop')).toBe('0')
  expect(await versions()).toEqual([undefined, undefined])
  await host.writeFile('vm-14', '/etc/application.broken', '')
  expect(await systemctl('start')).toBe('1')
  await host.exec('vm-14', ['rm', '/etc/application.broken'])
  expect(await systemctl('start')).toBe('0')
  await host.reboot('vm-14')
  expect(await systemctl('is-active')).toBe('3 inactive')
  expect(await systemctl('enable')).toBe('0')
  await host.reboot('vm-14')
  expect(await systemctl('is-active')).toBe('0 active')
  expect(await versions()).toEqual(['1\n', '1\n'])
})

it('collects what processes leave that nobody waits for', async () => {
  await lab.host.start('vm-15', lab.settings(15))
  await text('vm-15', '(setsid sleep 0.05 & setsid sleep 0.05 &) ; sleep 0.2')
  expect(await text('vm-15', 'grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null || echo none')).toBe('none\n')
})

it('takes a guest away with its disk', async () => {
  const { host } = lab
  await host.start('vm-16', lab.settings(16))
  await text('vm-16', 'echo x >/root/x')
  const { pid } = host.list().find(({ id }) => id === 'vm-16')!
  await host.remove('vm-16')
  expect(host.has('vm-16')).toBe(false)
  expect(() => process.kill(pid!, 0)).toThrow('ESRCH')
  await host.start('vm-16', lab.settings(16))
  expect(await host.readFile('vm-16', '/root/x')).toBeUndefined()
})

it('tells why a guest does not boot', async () => {
  lab.host.create('vm-17')
  await lab.host.writeFile('vm-17', '/lib/guest/init', '#!/bin/sh\necho this disk is broken\n')
  await expect(lab.host.start('vm-17', lab.settings(17))).rejects.toThrow(/while it booted[\s\S]*this disk is broken/)
})

it('stops waiting for a boot when its signal aborts, and leaves no guest', async () => {
  const { host } = lab
  host.create('vm-18')
  await host.writeFile('vm-18', '/lib/guest/boot', '#!/bin/sh\nsleep 600\n')
  const stop = new AbortController()
  const reason = new Error('enough')
  const start = host.start('vm-18', lab.settings(18), { signal: stop.signal })
  const isOn = (): true | undefined =>
    host.list().some((one) => one.id === 'vm-18' && one.power === 'on') ? true : undefined
  await waitUntil(isOn, { what: 'the guest to begin' })
  stop.abort(reason)
  await expect(start).rejects.toBe(reason)
  expect(isOn()).toBeUndefined()
})
