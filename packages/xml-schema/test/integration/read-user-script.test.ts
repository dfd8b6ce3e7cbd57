import { renameSync, symlinkSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isVmunitError, type VmunitError } from '@vmunit/core'
import { readUserScript } from '@vmunit/xml-schema'
import { describe, expect, it } from 'vitest'
import { type Files, temporaryDirectory, writeFiles } from '../support/definition-directory.ts'

const SCRIPT: Files = {
  'user-script': '#!/bin/sh\ncat userscript_dir/data/a.zip\n',
  'data/a.zip': 'no archive',
  'x/app/b.ear': 'none either',
  'x/tier.properties': '='.repeat(1_048_577),
  'hook/pre-setup': 'not ours',
}

describe('readUserScript (spec 4.8)', () => {
  it('reads the script, which is executable, and whatever it brings with it', async () => {
    await using directory = await temporaryDirectory()
    await writeFiles(directory.path, SCRIPT)
    const { files, read } = await readUserScript(directory.path)
    expect(files.map(({ path, executable }) => `${path} ${executable}`)).toEqual([
      'data/a.zip false',
      'hook/pre-setup false',
      'user-script true',
      'x/app/b.ear false',
      'x/tier.properties false',
    ])
    expect(Buffer.concat(await Array.fromAsync(read('data/a.zip'))).toString()).toBe('no archive')
    await expect(Array.fromAsync(read('../data'))).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })

  it('reads nothing behind a link that was put in the place of a directory meanwhile', async () => {
    await using directory = await temporaryDirectory()
    await using outside = await temporaryDirectory()
    await writeFiles(directory.path, { 'user-script': '', 'data/a': 'inside' })
    await writeFiles(outside.path, { a: 'hidden' })
    const data = join(directory.path, 'data')
    const { signal } = new AbortController()
    let asked = 0
    // It is asked at the beginning, for each of two directories, and then for the first file.
    signal.throwIfAborted = () => {
      asked += 1
      if (asked !== 4) return
      renameSync(data, `${data}-before`)
      symlinkSync(outside.path, data)
    }
    const error = await readUserScript(directory.path, { signal }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'ERR_INVALID_FILE',
      details: { issues: [{ path: 'data/a', message: 'the file changed while it was read' }] },
    })
  })

  it.each<readonly [string, Files, string, RegExp]>([
    ['no script', { 'user-script': undefined }, 'user-script', /^the file is missing/],
    ['only a script for Windows', { 'user-script': undefined, 'user-script.bat': '' }, 'user-script', /is missing/],
    ['a script that is a directory', { 'user-script': undefined, 'user-script/a': '' }, 'user-script', /is missing/],
    ['a name with a backslash', { 'a\\b': '' }, 'a\\b', /backslashes/],
  ])('has one problem with %s', async (_, files, path, message) => {
    await using directory = await temporaryDirectory()
    await writeFiles(directory.path, SCRIPT)
    await writeFiles(directory.path, files)
    const error = await refusal(directory.path)
    expect(error.details['issues']).toEqual([{ path, message: expect.stringMatching(message) }])
  })

  it('accepts no links, and bounds number and size', async () => {
    await using directory = await temporaryDirectory()
    await writeFiles(directory.path, SCRIPT)
    expect((await refusal(directory.path, { maxFiles: 5 })).message).toMatch(/more than 5 files/)
    expect((await refusal(directory.path, { maxBytes: 50 })).message).toMatch(/more than 50 bytes/)
    await symlink('/etc/passwd', join(directory.path, 'data/link'))
    expect((await refusal(directory.path)).message).toMatch(/^data\/link: symbolic links are not accepted/)
  })

  it('says when the directory is missing', async () => {
    await using directory = await temporaryDirectory()
    const error = await refusal(join(directory.path, 'nowhere'))
    expect(error.message).toMatch(/^The user script directory ".*nowhere" does not exist; check the path\.$/)
    await expect(readUserScript(1 as unknown as string)).rejects.toThrow(TypeError)
  })
})

async function refusal(directory: string, options: Parameters<typeof readUserScript>[1] = {}): Promise<VmunitError> {
  const error = await readUserScript(directory, options).then(
    () => new Error('It was accepted.'),
    (reason: unknown) => reason,
  )
  if (isVmunitError(error, 'ERR_INVALID_FILE')) return error
  throw error
}
