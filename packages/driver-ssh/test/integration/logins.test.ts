import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import ssh2 from 'ssh2'
import { describe, expect, it } from 'vitest'
import { createSshAccess } from '../../src/index.ts'
import { newKeyPair } from '../support/new-key-pair.ts'
import { rejection } from '../support/rejection.ts'
import { useRoom } from '../support/room.ts'
import { until } from '../support/until.ts'

const { room, access } = useRoom()
const strange = newKeyPair().private
const withoutKey = { privateKey: undefined }

describe('logging in', () => {
  it('with a key that the guest does not know is ERR_UNAUTHENTICATED and says what was tried', async () => {
    const { target } = await room().boot()
    const error = await rejection(access({ privateKey: strange }).open(target), 'ERR_UNAUTHENTICATED')
    expect(error).toMatchObject({ retryable: false, details: { tried: ['publickey'] } })
  })

  it('as somebody whom the guest does not know is ERR_UNAUTHENTICATED', async () => {
    const { target } = await room().boot()
    await rejection(access({ username: 'nobody-here' }).open(target), 'ERR_UNAUTHENTICATED')
  })

  it('as somebody who is not root keeps jobs in the home directory', async () => {
    const { target } = await room().boot()
    await using guest = await access({ username: 'deploy' }).open(target)
    await guest.startJob('run/step#1', { argv: ['id', '-un'] })
    const job = await until(
      () => guest.job('run/step#1'),
      ({ state }) => state === 'done',
    )
    expect(job).toMatchObject({ value: { exitCode: 0, stdout: Buffer.from('deploy\n') } })
    const { stdout } = await guest.exec({ argv: ['sh', '-c', 'ls ~/.vmunit/jobs | wc -l'] })
    expect(stdout.toString().trim()).toBe('1')
    await using root = await access().open(target)
    expect(await root.job('run/step#1')).toEqual({ state: 'absent' })
  })

  it('with a password that is got when it is needed', async () => {
    const { target } = await room().boot({ password: 'se cret' })
    await using guest = await access({ ...withoutKey, password: async () => 'se cret' }).open(target)
    expect((await guest.exec({ argv: ['true'] })).exitCode).toBe(0)
    await rejection(access({ ...withoutKey, password: 'wrong' }).open(target), 'ERR_UNAUTHENTICATED')
  })

  it('goes on with the password when the key is not taken', async () => {
    const { target } = await room().boot({ password: 'secret' })
    await using guest = await access({ privateKey: strange, password: 'secret' }).open(target)
    expect(await guest.bootId()).not.toBe('')
  })

  it('with an encrypted key needs its passphrase', async () => {
    const { private: encrypted, public: publicKey } = newKeyPair({
      passphrase: 'pass phrase',
      cipher: 'aes256-cbc',
      rounds: 4,
    })
    const { target } = await room().boot({ authorizedKeys: { root: [publicKey] } })
    const open = (passphrase?: string): Promise<unknown> =>
      access({ privateKey: async () => Buffer.from(encrypted), passphrase }).open(target)
    await open('pass phrase')
    await rejection(open('wrong'), 'ERR_UNAUTHENTICATED')
    await rejection(open(), 'ERR_UNAUTHENTICATED')
  })

  it('with the keys of an agent', async () => {
    const { target } = await room().boot()
    const directory = mkdtempSync(join(tmpdir(), 'agent-'))
    const agent = join(directory, 'socket')
    const process_ = spawn('ssh-agent', ['-D', '-a', agent], { stdio: 'ignore' })
    try {
      writeFileSync(join(directory, 'key'), room().privateKey, { mode: 0o600 })
      const add = async (): Promise<boolean> => {
        try {
          execFileSync('ssh-add', ['-q', join(directory, 'key')], { env: { SSH_AUTH_SOCK: agent }, stdio: 'ignore' })
          return true
        } catch {
          return false
        }
      }
      await until(add, Boolean)
      await using guest = await access({ ...withoutKey, agent }).open(target)
      expect(await guest.bootId()).not.toBe('')
    } finally {
      process_.kill()
      rmSync(directory, { recursive: true })
    }
  })

  it('goes on with the password when there is no agent', async () => {
    const { target } = await room().boot({ password: 'secret' })
    const options = { ...withoutKey, agent: '/no/such/socket' }
    await using guest = await access({ ...options, password: 'secret' }).open(target)
    expect(await guest.bootId()).not.toBe('')
    await rejection(access(options).open(target), 'ERR_UNAUTHENTICATED')
  })

  it('answers with the password when it is asked for it, and only then', async () => {
    const answers: string[][] = []
    const { private: hostKey, public: publicKey } = newKeyPair()
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on('error', () => {})
      client.on('authentication', (attempt) => {
        if (attempt.method !== 'keyboard-interactive') {
          attempt.reject(['keyboard-interactive'])
          return
        }
        const prompts = [
          { prompt: 'Your name: ', echo: true },
          { prompt: 'Password: ', echo: false },
        ]
        attempt.prompt(prompts, (given) => {
          answers.push(given)
          attempt.accept()
        })
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const options = { ...withoutKey, password: 'secret' }
    await access(options).open({ address: '127.0.0.1', port, hostKeys: [publicKey] })
    expect(answers).toEqual([['', 'secret']])
    server.close()
  })

  it('shows no secret in any error', async () => {
    const { target } = await room().boot({ password: 'right' })
    const errors = await Promise.all([
      rejection(access({ ...withoutKey, password: 'seen-never' }).open(target), 'ERR_UNAUTHENTICATED'),
      rejection(access({ privateKey: strange, passphrase: 'seen-never' }).open(target), 'ERR_UNAUTHENTICATED'),
      rejection(access({ privateKey: 'seen-never' }).open(target), 'ERR_UNAUTHENTICATED'),
    ])
    for (const error of errors) expect(inspect(error, { depth: 10 })).not.toContain('seen-never')
  })
})

describe('options that cannot work', () => {
  it.each([
    { username: '' },
    { privateKey: undefined },
    { verify: 'no' as 'hash' },
    { stateDirectory: 'relative' },
    { maxChannels: 0 },
    { connectTimeoutMs: Number.NaN },
  ])('%o', (options) => {
    expect(() => createSshAccess({ username: 'root', privateKey: 'x', ...options })).toThrow(TypeError)
  })
})
