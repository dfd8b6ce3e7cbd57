import { join } from 'node:path'
import { exitClass, isVmunitError, type VmunitError } from '@vmunit/core'
import { type FileIssue, readDefinition } from '@vmunit/xml-schema'
import { describe, expect, it } from 'vitest'
import { GOOD, temporaryDirectory, writeFiles } from '../support/definition-directory.ts'
import { MALFORMED, type MalformedDefinition } from '../support/malformed-definitions.ts'

describe('definition directories that are refused', () => {
  it('3.9 row 2: the directory is missing or cannot be read', async () => {
    await using directory = await temporaryDirectory()
    await writeFiles(directory.path, { file: '' })
    for (const path of ['nowhere', 'file', 'file/below']) {
      const error = await refusal(join(directory.path, path))
      expect(exitClass(error)).toBe(64)
      expect(error.message).toContain(path)
      expect(error.details['issues']).toHaveLength(1)
    }
  })

  it.each(MALFORMED.filter(({ row }) => row === 3))(
    '3.9 row 3: the structure of the directory is wrong: $name',
    async ({ files }) => {
      expect(exitClass(await refused({ files }))).toBe(64)
    },
  )

  it.each(MALFORMED.filter(({ row }) => row === 4))(
    '3.9 row 4: the content of a file is wrong: $name',
    async ({ files }) => {
      expect(exitClass(await refused({ files }))).toBe(64)
    },
  )

  it('says what is wrong, where, all at once', async () => {
    const texts: string[] = []
    for (const malformed of MALFORMED) {
      const issues = (await refused(malformed)).details['issues'] as readonly FileIssue[]
      const lines = issues.map(
        ({ path, line, message }) => `  ${path}${line === undefined ? '' : `:${line}`}: ${message}\n`,
      )
      texts.push(`${malformed.name}\n${lines.join('')}`)
    }
    await expect(texts.join('')).toMatchFileSnapshot('../golden/malformed-definitions.golden.txt')
  })
})

async function refused({ files }: Pick<MalformedDefinition, 'files'>): Promise<VmunitError> {
  await using directory = await temporaryDirectory()
  await writeFiles(directory.path, GOOD)
  await writeFiles(directory.path, files)
  return await refusal(directory.path)
}

async function refusal(directory: string): Promise<VmunitError> {
  const error = await readDefinition(directory).then(
    () => new Error('It was accepted.'),
    (reason: unknown) => reason,
  )
  if (isVmunitError(error, 'ERR_INVALID_DEFINITION')) return error
  throw error
}
