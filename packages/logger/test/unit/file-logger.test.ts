import { mkdir, mkdtemp, open, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VmunitError } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFileLogger } from '../../src/index.ts'

async function openFolder() {
  const path = await mkdtemp(join(tmpdir(), 'vmunit-log-'))
  return {
    file: join(path, 'log', 'manager.log'),
    names: async () => (await readdir(join(path, 'log'))).toSorted(),
    lines: async (name = 'manager.log') =>
      (await readFile(join(path, 'log', name), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true }),
  }
}

describe('a file logger', () => {
  it('writes a line of JSON for each message, at once', async () => {
    await using folder = await openFolder()
    await using logger = createFileLogger({ file: folder.file })
    logger.info('run began', { run: 'r-1' })
    logger.debug('not this')
    logger.error('run failed', { error: new VmunitError('ERR_TIMEOUT', 'late', { details: { password: 'hunter2' } }) })
    expect(await folder.lines()).toMatchObject([
      { level: 'info', msg: 'run began', run: 'r-1', pid: process.pid, time: expect.stringMatching(/^20.*Z$/) },
      { level: 'error', msg: 'run failed', error: { code: 'ERR_TIMEOUT', message: 'late' } },
    ])
    expect((await stat(folder.file)).mode & 0o777).toBe(0o600)
  })

  it('never writes what is named like a secret', async () => {
    await using folder = await openFolder()
    await using logger = createFileLogger({ file: folder.file })
    const fields = { password: 'a-1', login: { token: 'b-2', deeper: { privateKey: 'c-3' } }, user: 'user_a' }
    logger.warn('login', fields)
    const text = JSON.stringify(await folder.lines())
    expect(text).toContain('user_a')
    for (const secret of ['a-1', 'b-2', 'c-3']) expect(text).not.toContain(secret)
    expect(fields.password, 'the caller keeps its own').toBe('a-1')
  })

  it('fails nobody when it cannot begin a new file, and tells how many lines it lost', async () => {
    await using folder = await openFolder()
    await using logger = createFileLogger({ file: folder.file, maxBytes: 1_024, files: 2 })
    const obstacle = join(folder.file, '..', 'manager.log.1')
    await mkdir(obstacle)
    for (let number = 0; number < 20; number += 1) logger.info('message', { number })
    const before = await folder.lines()
    await using other = await open(join(folder.file, '..', 'other'), 'w')
    logger.info('lost')
    await other.write('not ours to close')
    await rmdir(obstacle)
    logger.info('last')
    const [loss, last] = await folder.lines()
    expect(loss).toMatchObject({ level: 'warn', lost: 21 - before.length })
    expect(last).toMatchObject({ msg: 'last' })
    expect(await folder.lines('manager.log.1')).toEqual(before)
  })

  it('fails nobody when the disk is full', async () => {
    await using logger = createFileLogger({ file: '/dev/full' })
    logger.info('lost')
  })

  it('keeps so many files, none larger than it may be, and loses no line among them', async () => {
    await using folder = await openFolder()
    await using logger = createFileLogger({ file: folder.file, maxBytes: 1_024, files: 3 })
    for (let number = 0; number < 60; number += 1) logger.info('message', { number })
    expect(await folder.names()).toEqual(['manager.log', 'manager.log.1', 'manager.log.2'])
    const lines = []
    for (const name of ['manager.log.2', 'manager.log.1', 'manager.log']) lines.push(...(await folder.lines(name)))
    expect(lines.at(-1)?.number).toBe(59)
    expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => 60 - lines.length + index))
    for (const name of await folder.names()) {
      expect((await stat(join(folder.file, '..', name))).size).toBeLessThanOrEqual(1_024)
    }
  })

  it('goes on with the file of the process before', async () => {
    await using folder = await openFolder()
    for (const number of [1, 2]) {
      await using logger = createFileLogger({ file: folder.file })
      logger.info('began', { number })
    }
    expect((await folder.lines()).map(({ number }) => number)).toEqual([1, 2])
  })

  it('closed, it writes nothing more', async () => {
    await using folder = await openFolder()
    const logger = createFileLogger({ file: folder.file })
    logger.info('one')
    await logger.close()
    logger.info('two')
    await logger.close()
    expect(await folder.lines()).toHaveLength(1)
  })

  it('one file is enough', async () => {
    await using folder = await openFolder()
    await using logger = createFileLogger({ file: folder.file, maxBytes: 1_024, files: 1 })
    for (let number = 0; number < 30; number += 1) logger.info('message', { number })
    expect(await folder.names()).toEqual(['manager.log'])
    expect((await folder.lines()).at(-1)?.number).toBe(29)
  })

  it.for([{ maxBytes: 10 }, { files: 0 }, { files: 1.5 }])('%o is refused', async (wrong) => {
    await using folder = await openFolder()
    expect(() => createFileLogger({ file: folder.file, ...wrong })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_INPUT' }),
    )
  })
})
