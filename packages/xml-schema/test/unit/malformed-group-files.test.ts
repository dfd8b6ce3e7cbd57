import { isVmunitError, type VmunitError } from '@vmunit/core'
import { type FileIssue, parseVirtualServerInfo } from '@vmunit/xml-schema'
import { describe, expect, it } from 'vitest'
import { MALFORMED } from './group-file-samples.ts'

describe('group information files that are refused', () => {
  it.each(MALFORMED)('$name', ({ xml, code, line, column, path }) => {
    const error = refusal(xml)
    const [first] = error.details['issues'] as readonly FileIssue[]
    expect({ code: error.code, ...first }).toEqual({ code, line, column, path, message: expect.any(String) })
  })

  it('says in one sentence what is wrong, where, and what to do', async () => {
    const lines = MALFORMED.map(({ name, xml }) => `${name}\n  ${refusal(xml).message}\n`)
    await expect(lines.join('')).toMatchFileSnapshot('../golden/malformed-group-files.golden.txt')
  })
})

function refusal(xml: string | Uint8Array): VmunitError {
  try {
    parseVirtualServerInfo(xml)
  } catch (error) {
    if (isVmunitError(error)) return error
    throw error
  }
  throw new Error('The file was accepted.')
}
