import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { availableVcsims, buildVcsim } from '@vmunit/testbed'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findGoTools, minorVersion } from '../../../src/vcsim/find-go.ts'

describe('building vcsim', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vmunit-test-'))
  })
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true })
  })
  const fakeGo = async (version: string): Promise<void> => {
    await writeFile(join(directory, 'go'), `#!/bin/sh\necho ${version}\n`)
    await chmod(join(directory, 'go'), 0o755)
  }

  it('says for each source what is missing', async () => {
    vi.stubEnv('PATH', directory)
    const missing = buildVcsim({ stateDirectory: directory })
    await expect(missing).rejects.toThrow(/module-proxy: Go 1\.\d+ or newer[^]*debian: .*apt-get install golang-go/)
    await fakeGo('go1.19.8')
    await expect(buildVcsim({ stateDirectory: directory, govmomi: 'module-proxy' })).rejects.toThrow('not in PATH')
  })

  it('says what the compiler said', async () => {
    vi.stubEnv('PATH', directory)
    await writeFile(
      join(directory, 'go'),
      '#!/bin/sh\n[ "$1" = env ] && echo go1.99.1 && exit\necho no network >&2; exit 1\n',
    )
    await chmod(join(directory, 'go'), 0o755)
    await expect(buildVcsim({ stateDirectory: directory, govmomi: 'module-proxy' })).rejects.toThrow('no network')
  })

  it('takes what was built, and warns of what was not', async () => {
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await writeFile(join(directory, 'go'), '#!/bin/sh\n[ "$1" = env ] && echo go1.99.1 && exit\n: >vcsim\n')
    await chmod(join(directory, 'go'), 0o755)
    vi.stubEnv('PATH', directory)
    expect(await availableVcsims({ stateDirectory: directory })).toEqual(['module-proxy'])
    expect(told.mock.calls).toEqual([[expect.stringMatching(/^testbed: building vcsim with govmomi 0\.\d+\.\d+ …\n$/)]])
    told.mockClear()
    // Of the same version, it would build nothing any more.
    await fakeGo('go1.99.1')
    expect(await availableVcsims({ stateDirectory: directory })).toEqual(['module-proxy'])
    expect(told).toHaveBeenCalledExactlyOnceWith(
      expect.stringMatching(/^testbed: not tested with the govmomi of debian: .*apt-get install/),
    )
    told.mockRestore()
    expect(await buildVcsim({ stateDirectory: directory })).toMatchObject({ source: 'module-proxy' })
  })

  it('finds every go in the search path', async () => {
    await fakeGo('go1.26.1')
    const tools = await findGoTools(`/nowhere:${directory}:${directory}`)
    expect(tools).toEqual([{ path: join(directory, 'go'), version: 'go1.26.1' }])
    expect(tools.map(minorVersion)).toEqual([26])
  })
})
