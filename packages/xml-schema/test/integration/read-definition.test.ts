import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isVmunitError, type VmunitError } from '@vmunit/core'
import { type FileIssue, type ReadDefinitionOptions, readDefinition } from '@vmunit/xml-schema'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BALANCER, type Files, GOOD, tierFile, VERSION, writeFiles } from '../support/definition-directory.ts'
import { zipOf } from '../support/zip.ts'

const OWN_BALANCER = 'lb.use=:unit:\nlb.virtualserver.name=front\nlb.virtualserver.port=80\n'

let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vmunit-definition-'))
  await write(GOOD)
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

describe('readDefinition', () => {
  it('reads tiers and files, ascending by path, with their hashes', async () => {
    await chmod(join(directory, 'web/config/httpd/httpd.conf'), 0o755)
    const definition = await readDefinition(directory)
    expect(definition.tiers.map(({ id, type }) => `${id} ${type}`)).toEqual(['ap j2ee-tier', 'web http-tier'])
    expect(definition.files.map(({ path }) => path)).toEqual(Object.keys(GOOD).sort())
    for (const { path, hash, sizeBytes } of definition.files) {
      expect({ hash, sizeBytes }).toEqual({ hash: sha256(GOOD[path] ?? ''), sizeBytes: GOOD[path]?.length })
    }
    const executable = definition.files.filter((file) => file.executable).map(({ path }) => path)
    expect(executable).toEqual(['hook/pre-setup', 'web/config/httpd/httpd.conf'])
  })

  it('may be given by a link', async () => {
    const link = `${directory}-link`
    await symlink(directory, link)
    try {
      expect((await readDefinition(link)).files).toHaveLength(9)
    } finally {
      await unlink(link)
    }
  })

  it.each<readonly [string, Files, string, RegExp]>([
    ['a file at the top', { 'README.md': '' }, 'README.md', /^files do not belong here/],
    [
      'a tier without tier.properties',
      { 'web/tier.properties': undefined },
      'web/tier.properties',
      /^the file is missing$/,
    ],
    [
      'a tier without version.properties',
      { 'ap/version.properties': undefined },
      'ap/version.properties',
      /is missing$/,
    ],
    [
      'a wrong tier identifier',
      { '1ap/tier.properties': tierFile('j2ee-tier'), '1ap/version.properties': VERSION },
      '1ap',
      /letter/,
    ],
    [
      'lb.use=:unit: without tierlb.properties',
      { 'ap/tier.properties': `${tierFile('j2ee-tier')}${OWN_BALANCER}` },
      'ap/tierlb.properties',
      /^the file is missing, but lb\.use=:unit: needs it$/,
    ],
    [
      'a wrong tierlb.properties that nobody uses',
      { 'ap/tierlb.properties': BALANCER.replace('ACOS', 'HAProxy') },
      'ap/tierlb.properties',
      /^lb\.type must be one of BIG-IPv9/,
    ],
    [
      'a property file in two places',
      { 'ap/vmi/version.properties': VERSION },
      'ap/vmi/version.properties',
      /^the file is there twice, also as ap\/version\.properties$/,
    ],
    ['something else in vmi', { 'ap/vmi/unit.properties': '' }, 'ap/vmi/unit.properties', /^vmi\/ may hold only tier/],
    [
      'two tiers at one entry point',
      {
        'ap/tier.properties': `${tierFile('j2ee-tier')}${OWN_BALANCER}`,
        'ap/tierlb.properties': BALANCER,
        'web/tier.properties': `${tierFile('http-tier')}${OWN_BALANCER}`,
        'web/tierlb.properties': BALANCER,
      },
      'web/tier.properties',
      /^lb\.virtualserver\.name "front" is that of tier ap at the same load balancer$/,
    ],
    [
      'a directory of version 08-70',
      { 'vmi/unit.properties': '', 'app/shop.ear': 'PK', 'config/Cosminexus/manager.cfg': '' },
      'vmi',
      /^this is a definition directory of version 08-70 \(make a directory for each tier/,
    ],
    [
      'an application without its cosminexus.xml',
      { 'ap/config/Cosminexus/shop/META-INF/cosminexus.xml': undefined },
      'ap/app/shop.ear',
      /^the application has no cosminexus\.xml, neither as ap\/config\/Cosminexus\/shop\/META-INF\/cosminexus\.xml/,
    ],
    [
      'an application twice',
      { 'ap/app/shop.zip': GOOD['ap/app/docs.ZIP'] },
      'ap/app/shop.zip',
      /^the application shop is there twice, also as ap\/app\/shop\.ear$/,
    ],
    [
      'a cosminexus.xml that is not well-formed',
      { 'ap/config/Cosminexus/shop/META-INF/cosminexus.xml': '<cosminexus-app>\n</cosminexus>' },
      'ap/config/Cosminexus/shop/META-INF/cosminexus.xml',
      /^<\/cosminexus> stands where <\/cosminexus-app> is expected$/,
    ],
    [
      'a cosminexus.xml with an entity',
      {
        'ap/config/Cosminexus/shop/META-INF/cosminexus.xml':
          '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><cosminexus-app>&b;</cosminexus-app>',
      },
      'ap/config/Cosminexus/shop/META-INF/cosminexus.xml',
      /document type/,
    ],
    [
      'a cosminexus.xml that is too large',
      { 'ap/config/Cosminexus/shop/META-INF/cosminexus.xml': ' '.repeat(1_048_577) },
      'ap/config/Cosminexus/shop/META-INF/cosminexus.xml',
      /1048577 bytes/,
    ],
    ['a stray file in a tier', { 'ap/notes.txt': '' }, 'ap/notes.txt', /^a tier has only/],
    ['a stray directory in a tier', { 'ap/lib/a.jar': '' }, 'ap/lib', /^a tier has only/],
    [
      'a file named config',
      { 'ct/tier.properties': tierFile('ctm-tier'), 'ct/version.properties': VERSION, 'ct/config': '' },
      'ct/config',
      /^a tier has only/,
    ],
    ['a war', { 'ap/app/shop.war': 'PK' }, 'ap/app/shop.war', /only files \*\.ear and \*\.zip/],
    ['a directory in app', { 'ap/app/shop/a.ear': 'PK' }, 'ap/app/shop', /only files \*\.ear and \*\.zip/],
    ['an ear that is no archive', { 'ap/app/shop.ear': 'P' }, 'ap/app/shop.ear', /does not begin with "PK"/],
    ['an empty ear', { 'ap/app/shop.ear': '' }, 'ap/app/shop.ear', /does not begin with "PK"/],
    ['another hook', { 'hook/pre-setup.bat': '' }, 'hook/pre-setup.bat', /only the script pre-setup/],
    [
      'a hook that is a directory',
      { 'hook/pre-setup': undefined, 'hook/pre-setup/a': '' },
      'hook/pre-setup',
      /only the script/,
    ],
    [
      'an http-tier alone',
      { 'ap/tier.properties': tierFile('ctm-tier') },
      'web/tier.properties',
      /needs a tier of type j2ee-tier/,
    ],
    ['a name with a control character', { 'ap/config/a\nb': '' }, 'ap/config/a\nb', /control characters/],
    ['a name with a backslash', { 'ap/config/..\\b': '' }, 'ap/config/..\\b', /backslashes/],
    ['a large property file', { 'ap/tier.properties': '#'.repeat(1_048_577) }, 'ap/tier.properties', /1048577 bytes/],
  ])('has one problem with %s', async (_, files, path, message) => {
    await write(files)
    expect(await issues()).toEqual([expect.objectContaining({ path, message: expect.stringMatching(message) })])
  })

  it('tells lines of property files, and all problems at once', async () => {
    await write({
      'ap/tier.properties': `${tierFile('j2ee-tier')}os=windows\n`,
      'ap/version.properties': 'vm.interface.version=080000\nvm.target.edition=standard',
      'web/tier.properties': `${tierFile('http-tier')}network.service=日本\n`,
      'ap/app/a.jar': '',
      'x.txt': '',
    })
    const error = await refusal()
    expect((error.details['issues'] as readonly FileIssue[]).map(({ path, line }) => `${path} ${line}`)).toEqual([
      'ap/app/a.jar undefined',
      'ap/tier.properties 6',
      'ap/version.properties 1',
      'web/tier.properties 6',
      'x.txt undefined',
    ])
    expect(error.message).toBe(
      'ap/app/a.jar: app/ may hold only files *.ear and *.zip (and 4 more problems, see details.issues); ' +
        'repair the definition directory and import it again.',
    )
  })

  it('judges large archives by their end', async () => {
    const entry = { name: 'META-INF/cosminexus.xml', content: Buffer.alloc(9_000_000, 'x'), stored: true }
    const archive = zipOf([entry, { name: 'last' }])
    await write({ 'ap/app/large.ear': archive })
    expect((await readDefinition(directory)).files).toHaveLength(10)
    await write({ 'ap/app/large.ear': archive.fill(0, archive.byteLength - 22, archive.byteLength - 21) })
    expect(await issues()).toEqual([{ path: 'ap/app/large.ear', message: expect.stringContaining('has no end') }])
  })

  it('takes ISO 8859-1 and UTF-8 property files', async () => {
    const text = `${tierFile('j2ee-tier')}network.service=caf\u00e9\n`
    for (const encoding of ['latin1', 'utf8'] as const) {
      await writeFile(join(directory, 'ap/tier.properties'), Buffer.from(text, encoding))
      expect((await readDefinition(directory)).tiers[0]?.networks.service).toBe('café')
    }
  })

  it('needs a tier', async () => {
    await rm(join(directory, 'ap'), { recursive: true })
    await rm(join(directory, 'web'), { recursive: true })
    expect(await issues()).toEqual([{ path: '.', message: expect.stringContaining('there is no tier') }])
  })

  it.each([
    ['out of the directory', '/etc/passwd'],
    ['to a file inside', '../tier.properties'],
    ['to a directory', '/etc'],
    ['to nothing', 'nowhere'],
  ])('accepts no symbolic link %s', async (_, target) => {
    await symlink(target, join(directory, 'ap/app/link.ear'))
    await symlink(target, join(directory, 'web/config/link'))
    await symlink(target, join(directory, 'linked'))
    const message = expect.stringContaining('symbolic links are not accepted')
    expect(await issues()).toEqual([
      { path: 'ap/app/link.ear', message },
      { path: 'linked', message },
      { path: 'web/config/link', message },
    ])
  })

  it('accepts no pipe, and does not wait for one', async () => {
    execFileSync('mkfifo', [join(directory, 'web/config/pipe')])
    expect(await issues()).toEqual([{ path: 'web/config/pipe', message: expect.stringContaining('no devices, pipes') }])
  })

  it('bounds the number and the size of files', async () => {
    const sizeBytes = Object.values(GOOD).reduce((sum, content) => sum + (content?.length ?? 0), 0)
    expect((await readDefinition(directory, { maxFiles: 19, maxBytes: sizeBytes })).files).toHaveLength(9)
    expect(await issues({ maxFiles: 18 })).toEqual([
      { path: '.', message: expect.stringContaining('more than 18 files') },
    ])
    const bytes = expect.stringContaining(`more than ${sizeBytes - 1} bytes`)
    expect(await issues({ maxBytes: sizeBytes - 1 })).toEqual([{ path: '.', message: bytes }])
  })

  it('says when the directory is missing, or is none', async () => {
    const missing = await refusal({}, join(directory, 'nowhere'))
    expect(missing.message).toMatch(/^The definition directory ".*nowhere" does not exist; check the path\.$/)
    const file = await refusal({}, join(directory, 'web/tier.properties'))
    expect(file.message).toMatch(/is not a directory; check the path\.$/)
    await expect(readDefinition(1 as unknown as string)).rejects.toThrow(TypeError)
  })

  it.skipIf(process.platform !== 'linux')('notices a file that is not as large as it was listed', async () => {
    // These files say that they are empty, and are not.
    const found = (await refusal({}, '/proc/sys/fs/inotify')).details['issues']
    expect(found).toContainEqual({ path: 'max_user_watches', message: 'the file changed while it was read' })
  })

  it('rejects with the reason of an abort', async () => {
    const reason = new Error('enough')
    await expect(readDefinition(directory, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    await writeFile(join(directory, 'ap/config/large.bin'), `PK${'x'.repeat(40_000_000)}`)
    const reading = readDefinition(directory, { signal: controller.signal })
    setImmediate(() => controller.abort(reason))
    await expect(reading).rejects.toBe(reason)
  })
})

describe('the files of a definition', () => {
  it('stream their bytes and their progress', async () => {
    const content = `PK${'0123456789'.repeat(100_000)}`
    await write({ 'ap/config/large.bin': content })
    const definition = await readDefinition(directory)
    const progress: number[] = []
    const chunks = await collect(definition.read('ap/config/large.bin', { onProgress: (part) => progress.push(part) }))
    expect(chunks.length).toBeGreaterThan(1)
    expect(sha256(Buffer.concat(chunks))).toBe(sha256(content))
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
    expect(progress.at(-1)).toBe(1)
  })

  it('may be empty', async () => {
    await write({ 'ap/config/empty': '' })
    expect(await collect((await readDefinition(directory)).read('ap/config/empty'))).toEqual([])
  })

  it.each<readonly [string, (path: string) => Promise<void>]>([
    ['has other bytes', async (path) => await writeFile(path, `PK${'y'.repeat(600_000)}`)],
    ['has grown', async (path) => await writeFile(path, 'z', { flag: 'a' })],
    ['was cut', async (path) => await truncate(path, 500_000)],
    ['is gone', async (path) => await unlink(path)],
    [
      'is a link now',
      async (path) => {
        await writeFile(join(directory, 'other'), `PK${'x'.repeat(600_000)}`)
        await unlink(path)
        await symlink(join(directory, 'other'), path)
      },
    ],
    [
      'is a pipe now',
      async (path) => {
        await unlink(path)
        execFileSync('mkfifo', [path])
      },
    ],
    [
      'is a directory now',
      async (path) => {
        await unlink(path)
        await mkdir(path)
      },
    ],
  ])('are not given to the end when one %s', async (_, change) => {
    const path = 'ap/config/large.bin'
    await write({ [path]: `PK${'x'.repeat(600_000)}` })
    const definition = await readDefinition(directory)
    await change(join(directory, path))
    let givenBytes = 0
    const reading = (async () => {
      for await (const chunk of definition.read(path)) givenBytes += chunk.byteLength
    })()
    await expect(reading).rejects.toMatchObject({ code: 'ERR_CONFLICT', details: { path } })
    expect(givenBytes).toBeLessThan(600_002)
  })

  it('can be aborted, and left early', async () => {
    await write({ 'ap/config/large.bin': `PK${'x'.repeat(2_000_000)}` })
    const definition = await readDefinition(directory)
    const controller = new AbortController()
    const reason = new Error('enough')
    const reading = (async () => {
      for await (const _ of definition.read('ap/config/large.bin', { signal: controller.signal }))
        controller.abort(reason)
    })()
    await expect(reading).rejects.toBe(reason)
    for await (const chunk of definition.read('ap/config/large.bin')) {
      expect(chunk.byteLength).toBeGreaterThan(0)
      break
    }
  })

  it('are only those that it lists', async () => {
    const definition = await readDefinition(directory)
    for (const path of ['nothing', '../etc/passwd', 'ap/../web/tier.properties', '__proto__']) {
      await expect(collect(definition.read(path))).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    }
  })
})

async function write(files: Files): Promise<void> {
  await writeFiles(directory, files)
}

async function refusal(options: ReadDefinitionOptions = {}, path: string = directory): Promise<VmunitError> {
  try {
    await readDefinition(path, options)
  } catch (error) {
    if (isVmunitError(error, 'ERR_INVALID_DEFINITION')) return error
    throw error
  }
  throw new Error('The directory was accepted.')
}

async function issues(options: ReadDefinitionOptions = {}): Promise<readonly FileIssue[]> {
  return (await refusal(options)).details['issues'] as readonly FileIssue[]
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  return await Array.fromAsync(chunks)
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
