import { expect, it } from 'vitest'
import { ownFiles } from '../../src/base-root/guest-files.ts'
import { librariesOf } from '../../src/base-root/libraries.ts'
import { createQueues, createSlots } from '../../src/guests/queue.ts'
import { desiredGuest } from '../../src/host-agent/desired-guest.ts'
import { firstFreePort } from '../../src/host-agent/free-port.ts'
import { lockNumber } from '../../src/instance/number-lock.ts'
import { identifyProcess, isAlive, killProcess } from '../../src/processes/process-identity.ts'
import { runChecked, runProgram } from '../../src/processes/run-program.ts'
import { waitUntil } from '../../src/processes/wait-until.ts'
import { missingPackages } from '../../src/requirements/ensure-requirements.ts'

const machine = {
  id: 'vm-1',
  name: 'ap01',
  power: 'on',
  isTemplate: false,
  instanceUuid: 'uuid-1',
  extraConfig: {},
  addresses: [],
  hostname: undefined,
  host: 'host-1',
  folder: 'group-1',
} as const

it('takes the addresses of a guest from vCenter, else from what was left for the guest', () => {
  const left = { 'guestinfo.vmunit.addresses': '127.77.0.9, 127.78.0.9', 'guestinfo.vmunit.hostname': 'left' }
  const common = { authorizedKeys: {}, port: 2222 }
  expect(desiredGuest({ ...machine, extraConfig: left }, common)).toEqual({
    ...common,
    hostname: 'left',
    addresses: ['127.77.0.9', '127.78.0.9'],
    identity: 'uuid-1',
  })
  const known = { ...machine, extraConfig: left, addresses: ['192.0.2.1', '127.77.0.1'], hostname: 'known' }
  expect(desiredGuest(known, common)).toMatchObject({ hostname: 'known', addresses: ['127.77.0.1'] })
  expect(desiredGuest(machine, common)).toBeUndefined()
  expect(desiredGuest({ ...machine, addresses: ['192.0.2.1'] }, common)).toBeUndefined()
})

it('names each missing package once', () => {
  expect(missingPackages(() => true)).toEqual([])
  expect(missingPackages((path) => !/ssh|busybox/.test(path))).toEqual([
    'openssh-server',
    'openssh-sftp-server',
    'openssh-client',
    'busybox-static',
  ])
})

it('knows the libraries of a program, its loader among them', async () => {
  const libraries = await librariesOf(['/usr/bin/ssh-keygen'])
  expect(libraries.some((path) => /libcrypto/.test(path))).toBe(true)
  expect(libraries.some((path) => /\/ld-/.test(path))).toBe(true)
  expect(libraries.some((path) => /vdso/.test(path))).toBe(false)
})

it('puts programs of guests where they can be run, and the passwords where only root reads them', () => {
  const modes = new Map(ownFiles().map(({ to, mode }) => [to, mode]))
  expect(modes.get('bin/systemctl')).toBe(0o755)
  expect(modes.get('lib/guest/boot')).toBe(0o755)
  expect(modes.get('etc/shadow')).toBe(0o600)
  expect(modes.get('etc/passwd')).toBe(0o644)
})

it('gives a number to one holder at a time', async () => {
  const number = 1000 + process.pid
  const first = await lockNumber(number)
  expect(first).toBeDefined()
  expect(await lockNumber(number)).toBeUndefined()
  await first?.release()
  const second = await lockNumber(number)
  expect(second).toBeDefined()
  await second?.release()
})

it('kills a process only when its start is the one that was seen', async () => {
  const running = runProgram(['sleep', '600'])
  const pid = await waitUntil(
    async () => {
      const found = await runProgram(['pgrep', '-n', '-P', String(process.pid), 'sleep'])
      return found.exitCode === 0 ? Number(found.stdout) : undefined
    },
    { what: 'the process' },
  )
  const identity = identifyProcess(pid)!
  expect(killProcess({ ...identity, startTime: `${identity.startTime}0` })).toBe(false)
  expect(killProcess({ ...identity, boot: 'another' })).toBe(false)
  expect(isAlive(identity)).toBe(true)
  expect(killProcess(identity)).toBe(true)
  expect((await running).exitCode).toBe(137)
  expect(isAlive(identity)).toBe(false)
})

it('runs a program to its end, and kills it when its signal aborts', async () => {
  expect(await runProgram(['sh', '-c', 'cat; echo no >&2; exit 3'], { input: 'yes' })).toEqual({
    exitCode: 3,
    stdout: 'yes',
    stderr: 'no\n',
  })
  await expect(runChecked(['sh', '-c', 'echo no >&2; exit 3'])).rejects.toThrow('sh ended with exit code 3: no')
  await expect(runProgram(['/no/such/program'])).rejects.toThrow('ENOENT')
  const stop = new AbortController()
  const reason = new Error('enough')
  const running = runProgram(['sleep', '600'], { signal: stop.signal })
  stop.abort(reason)
  await expect(running).rejects.toBe(reason)
})

it('waits until there is an answer, or too long, or for nothing any more', async () => {
  let asked = 0
  const third = (): number | undefined => {
    asked += 1
    return asked === 3 ? asked : undefined
  }
  expect(await waitUntil(third, { what: 'three', everyMs: 1 })).toBe(3)
  const never = (): undefined => undefined
  await expect(waitUntil(never, { what: 'rain', timeoutMs: 5, everyMs: 1 })).rejects.toThrow('Waited 5 ms for rain')
  const reason = new Error('enough')
  const stop = new AbortController()
  const waiting = waitUntil(never, { what: 'rain', signal: stop.signal })
  stop.abort(reason)
  await expect(waiting).rejects.toBe(reason)
})

it('runs tasks of one key in turn, those of others side by side, and goes on after a failure', async () => {
  const queue = createQueues()
  const order: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = queue('a', async () => {
    await gate.promise
    order.push('a1')
    throw new Error('a1 failed')
  })
  const second = queue('a', async () => order.push('a2'))
  await queue('b', async () => order.push('b1'))
  gate.resolve()
  await expect(first).rejects.toThrow('a1 failed')
  await second
  expect(order).toEqual(['b1', 'a1', 'a2'])
})

it('lets at most so many tasks run at once', async () => {
  const slots = createSlots(2)
  let [running, most] = [0, 0]
  const task = async (): Promise<void> => {
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
  }
  await Promise.all(Array.from({ length: 7 }, async () => await slots(task)))
  expect([running, most]).toEqual([0, 2])
})

it('finds a port that nobody has, here or everywhere', async () => {
  const { createServer } = await import('node:net')
  const taken = createServer().listen(0, '0.0.0.0')
  await new Promise((resolve) => taken.once('listening', resolve))
  const address = taken.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await expect(firstFreePort('127.77.255.254', [port])).rejects.toThrow(`all of these ports of 127.77.255.254: ${port}`)
  taken.close()
  await new Promise((resolve) => taken.once('close', resolve))
  expect(await firstFreePort('127.77.255.254', [port])).toBe(port)
})
