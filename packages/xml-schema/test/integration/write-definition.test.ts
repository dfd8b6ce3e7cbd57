import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type DefinitionSource, exitClass, isVmunitError, type Tier, type VmunitError } from '@vmunit/core'
import { baseSeed, seededRandom } from '@vmunit/testbed/seeded-random'
import { parseBalancerProperties, readDefinition, writeDefinition } from '@vmunit/xml-schema'
import { describe, expect, it } from 'vitest'
import { BALANCER, GOOD, temporaryDirectory, tierFile, writeFiles } from '../support/definition-directory.ts'
import { zipOf } from '../support/zip.ts'

const SEED = baseSeed()

describe('writeDefinition', () => {
  it('writes what reads back as the same: tiers, bytes, hashes and modes', async () => {
    await using directory = await temporaryDirectory()
    const from = join(directory.path, 'from')
    const to = join(directory.path, 'to')
    await writeFiles(from, GOOD)
    await chmod(join(from, 'web/config/httpd/httpd.conf'), 0o755)
    const read = await readDefinition(from)
    await writeDefinition(read, to)
    const again = await readDefinition(to)
    expect({ tiers: again.tiers, files: again.files }).toEqual({ tiers: read.tiers, files: read.files })
    for (const { path } of read.files) {
      expect(await readFile(join(to, path)), path).toEqual(await readFile(join(from, path)))
    }
    expect(await readdir(directory.path)).toEqual(['from', 'to'])
  })

  it('writes what reads back as the same, whatever is in it', async () => {
    const random = seededRandom(SEED)
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T
    for (let round = 0; round < 25; round += 1) {
      await using directory = await temporaryDirectory()
      const files: Record<string, string | Uint8Array> = {}
      for (let number = 0; number <= random() * 3; number += 1) {
        const place = random() < 0.5 ? `t${number}` : `t${number}/vmi`
        const lines = [tierFile(pick(['combined-tier', 'j2ee-tier', 'ctm-tier'])), `start.order=${number}`]
        if (random() < 0.5) {
          lines.push('lb.use=:unit:', `lb.virtualserver.name=v${number}`, 'lb.virtualserver.port=80')
          files[`${place}/tierlb.properties`] = BALANCER
        }
        files[`${place}/tier.properties`] = `${lines.join('\n')}\n# ${random()}`
        files[`${place}/version.properties`] = GOOD['web/version.properties'] ?? ''
        for (let count = random() * 4; count > 0; count -= 1) {
          const depth = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
            pick(['a', 'b c', '日本', '.d', 'E']),
          )
          const size = pick([0, 1, 4_000, 600_000])
          files[`t${number}/config/${depth.join('-/')}`] = Buffer.alloc(size, Math.floor(random() * 256))
        }
        if (random() < 0.5) {
          const name = pick(['shop', 'm e n u'])
          const entries = [
            { name: 'META-INF/cosminexus.xml', content: '<a/>' },
            { name: 'x', content: `${random()}` },
          ]
          files[`t${number}/app/${name}.${pick(['ear', 'zip', 'EAR'])}`] = zipOf(entries)
        }
      }
      if (random() < 0.5) files['hook/pre-setup'] = '#!/bin/sh\n'
      const from = join(directory.path, 'from')
      await writeFiles(from, files)
      const label = `seed ${SEED}, round ${round}`
      const read = await readDefinition(from)
      await writeDefinition(read, join(directory.path, 'to'))
      const again = await readDefinition(join(directory.path, 'to'))
      expect({ tiers: again.tiers, files: again.files }, label).toStrictEqual({ tiers: read.tiers, files: read.files })
    }
  })

  it('3.10 row 3: the target is not empty: somebody fills it meanwhile, and it stays as it is', async () => {
    await using directory = await temporaryDirectory()
    const { definition } = await goodIn(directory.path)
    const to = join(directory.path, 'to')
    const slow: DefinitionSource = {
      ...definition,
      async *read(path, call) {
        await writeFiles(to, { precious: 'mine' })
        yield* definition.read(path, call)
      },
    }
    expect((await refusal(writeDefinition(slow, to))).code).toBe('ERR_CONFLICT')
    expect(await readdir(to)).toEqual(['precious'])
    expect(await readdir(directory.path)).toEqual(['from', 'to'])
  })

  it('keeps modes whatever the mask of the process', async () => {
    await using directory = await temporaryDirectory()
    const { definition } = await goodIn(directory.path)
    const mask = process.umask(0o077)
    try {
      await writeDefinition(definition, join(directory.path, 'to'))
    } finally {
      process.umask(mask)
    }
    const modeOf = async (path: string) => (await stat(join(directory.path, 'to', path))).mode & 0o777
    expect(await modeOf('hook/pre-setup')).toBe(0o755)
    expect(await modeOf('web/config/httpd/httpd.conf')).toBe(0o644)
  })

  it('writes into an empty directory, also by a link to it', async () => {
    await using directory = await temporaryDirectory()
    const to = join(directory.path, 'to')
    await mkdir(to)
    await symlink(to, join(directory.path, 'link'))
    const { definition } = await goodIn(directory.path)
    await writeDefinition(definition, join(directory.path, 'link'))
    expect((await readDefinition(to)).files).toEqual(definition.files)
    expect((await readDefinition(join(directory.path, 'link'))).files).toEqual(definition.files)
  })

  it('3.10 row 3: the target is not empty: it stays as it is', async () => {
    await using directory = await temporaryDirectory()
    const { definition } = await goodIn(directory.path)
    const to = join(directory.path, 'to')
    await mkdir(to)
    await writeFile(join(to, 'precious'), 'mine')
    const unread: DefinitionSource = {
      ...definition,
      read() {
        throw new Error('read for nothing')
      },
    }
    const error = await refusal(writeDefinition(unread, to))
    expect([error.code, exitClass(error)]).toEqual(['ERR_CONFLICT', 64])
    expect(error.message).toMatch(/to" is not empty; name one that is/)
    expect(await readdir(to)).toEqual(['precious'])
    expect(await readdir(directory.path)).toEqual(['from', 'to'])
  })

  it.each([
    ['below no directory', 'nowhere/to', 'ENOENT'],
    ['below a file', 'from/hook/pre-setup/to', 'ENOTDIR'],
    ['that is a file', 'from/hook/pre-setup', 'ENOTDIR'],
    ['below a link to nothing', 'broken/to', 'ENOENT'],
  ])('3.10 row 4: the target cannot be written: %s', async (_, to, code) => {
    await using directory = await temporaryDirectory()
    const { definition } = await goodIn(directory.path)
    await symlink('nothing', join(directory.path, 'broken'))
    const error = await refusal(writeDefinition(definition, join(directory.path, to)))
    expect([error.code, exitClass(error)]).toEqual(['ERR_INVALID_INPUT', 64])
    expect(error.details['code']).toBe(code)
    expect(await readFile(join(directory.path, 'from/hook/pre-setup'), 'utf8')).toBe('#!/bin/sh\n')
  })

  it('leaves nothing when the content is not what its hash says', async () => {
    await using directory = await temporaryDirectory()
    const { definition } = await goodIn(directory.path)
    const lying: DefinitionSource = {
      ...definition,
      async *read(path, call) {
        if (path === 'web/config/httpd/httpd.conf') yield Buffer.from('Listen 81\n')
        else yield* definition.read(path, call)
      },
    }
    const error = await refusal(writeDefinition(lying, join(directory.path, 'to')))
    expect(error.code).toBe('ERR_CONFLICT')
    expect(error.details).toEqual({ path: 'web/config/httpd/httpd.conf' })
    expect(await readdir(directory.path)).toEqual(['from'])
  })

  it('leaves nothing when it is aborted, and rejects with the reason', async () => {
    await using directory = await temporaryDirectory()
    const { definition } = await goodIn(directory.path)
    const controller = new AbortController()
    const reason = new Error('enough')
    const slow: DefinitionSource = {
      ...definition,
      async *read(path, call) {
        if (path === 'hook/pre-setup') controller.abort(reason)
        yield* definition.read(path, call)
      },
    }
    await expect(writeDefinition(slow, join(directory.path, 'to'), { signal: controller.signal })).rejects.toBe(reason)
    await expect(
      writeDefinition(definition, join(directory.path, 'to'), { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason)
    expect(await readdir(directory.path)).toEqual(['from'])
  })

  it.each(['../escaped', '/etc/escaped', 'web/../../escaped', 'web//a', 'web/\\..\\a'])(
    'writes no file %j outside of its directory',
    async (path) => {
      await using directory = await temporaryDirectory()
      const { definition } = await goodIn(directory.path)
      const [file] = definition.files
      const error = await refusal(
        writeDefinition({ ...definition, files: [{ ...file!, path }] }, join(directory.path, 'to')),
      )
      expect(error.code).toBe('ERR_INVALID_INPUT')
      expect(await readdir(directory.path)).toEqual(['from'])
    },
  )

  it('keeps the password from others', async () => {
    await using directory = await temporaryDirectory()
    const to = join(directory.path, 'to')
    const use = 'lb.use=:unit:\nlb.virtualserver.name=front\nlb.virtualserver.port=80\n'
    const more = { 'ap/tier.properties': tierFile('j2ee-tier') + use, 'ap/tierlb.properties': BALANCER }
    const { definition } = await goodIn(directory.path, more)
    expect(JSON.stringify(definition.tiers)).not.toContain('s3cret')
    expect(definition.tiers[0]?.balancer).toEqual({
      name: ':unit:',
      connection: { type: 'ACOS', host: '192.168.1.5', protocol: 'API', port: 443, user: 'admin' },
      pool: 'front',
      port: 80,
      drainTimeoutMs: 300_000,
    })
    await writeDefinition(definition, to)
    expect((await stat(join(to, 'ap/tierlb.properties'))).mode & 0o777).toBe(0o600)
    const text = await readFile(join(to, 'ap/tierlb.properties'), 'utf8')
    expect(parseBalancerProperties(text, 'tierlb.properties').password).toBe('s3cret')
  })

  it('gives tiers that a program made their property files', async () => {
    await using directory = await temporaryDirectory()
    const tier: Tier = {
      id: 'web',
      type: 'combined-tier',
      startOrder: 3,
      template: 'web-base',
      application: { start: ['start'], stop: ['stop'], health: ['日本'], deploy: ['deploy'], startTimeoutMs: 1_000 },
      networks: { management: 'management', service: 'service' },
    }
    await writeDefinition(inMemory([tier], { 'web/config/a': 'text' }), join(directory.path, 'to'))
    const { tiers, files } = await readDefinition(join(directory.path, 'to'))
    expect(tiers).toStrictEqual([tier])
    expect(files.map(({ path }) => path)).toEqual(['web/config/a', 'web/tier.properties', 'web/version.properties'])
    const balancer = { name: ':unit:', pool: 'front', port: 80, drainTimeoutMs: 1 }
    const error = await refusal(writeDefinition(inMemory([{ ...tier, balancer }], {}), join(directory.path, 'other')))
    expect(error.code).toBe('ERR_INVALID_INPUT')
    expect(error.message).toContain('web/tierlb.properties')
  })

  it('needs a string', async () => {
    await expect(writeDefinition(inMemory([], {}), 1 as unknown as string)).rejects.toThrow(TypeError)
  })
})

async function goodIn(
  directory: string,
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly definition: DefinitionSource }> {
  await writeFiles(join(directory, 'from'), { ...GOOD, ...more })
  return { definition: await readDefinition(join(directory, 'from')) }
}

function inMemory(tiers: readonly Tier[], texts: Readonly<Record<string, string>>): DefinitionSource {
  const files = Object.entries(texts).map(([path, text]) => ({
    path,
    hash: createHash('sha256').update(text).digest('hex'),
    sizeBytes: text.length,
    executable: false,
  }))
  return {
    tiers,
    files,
    async *read(path) {
      yield Buffer.from(texts[path] ?? '')
    },
  }
}

async function refusal(work: Promise<unknown>): Promise<VmunitError> {
  const error = await work.then(
    () => new Error('It was accepted.'),
    (reason: unknown) => reason,
  )
  if (isVmunitError(error)) return error
  throw error
}
