import { baseSeed, seededRandom } from '@vmunit/testbed/seeded-random'
import { describe, expect, it } from 'vitest'
import { readArchive } from '../../src/archive/read-archive.ts'
import { type ZipEntry, type ZipOptions, zipOf } from '../support/zip.ts'

const SEED = baseSeed()

const ENTRIES: readonly ZipEntry[] = [
  { name: 'META-INF/' },
  { name: 'META-INF/application.xml', content: '<application/>' },
  { name: 'web/日本.html', content: 'a'.repeat(5_000) },
  { name: 'stored', content: 'b', stored: true },
]

function judge(bytes: Uint8Array): ReadonlySet<string> | string {
  return readArchive({ bytes, sizeBytes: bytes.byteLength })
}

describe('readArchive', () => {
  it('reads the names', () => {
    expect(judge(zipOf(ENTRIES))).toEqual(new Set(ENTRIES.map(({ name }) => name)))
  })

  it('needs only the end of the file', () => {
    const bytes = zipOf([{ name: 'large', content: Buffer.alloc(100_000, 'x'), stored: true }, ...ENTRIES.slice(1)])
    const found = readArchive({ bytes: bytes.subarray(-2_000), sizeBytes: bytes.byteLength })
    expect(found).toContain('large')
  })

  it('takes names of tools that do not tell their encoding', () => {
    const utf8 = zipOf([{ name: '日本.txt', nameBytes: Buffer.from('日本.txt') }])
    expect(judge(utf8)).toEqual(new Set(['日本.txt']))
    const codePage = [0x82, 0x93].map((byte) => ({ name: '', nameBytes: Buffer.from([0x61, byte, 0xfa]) }))
    const names = judge(zipOf(codePage))
    expect(typeof names === 'string' ? names : names.size).toBe(2)
    const slash = zipOf([{ name: '', nameBytes: Buffer.from([0x2e, 0x2e, 0x2f, 0xfa]) }])
    expect(judge(slash)).toMatch(/outside of its directory$/)
  })

  it('takes a comment, even one that looks like an end', () => {
    for (const comment of ['made by hand', `PK\u0005\u0006${'\0'.repeat(18)}x`]) {
      expect(judge(zipOf(ENTRIES, { comment }))).toContain('stored')
    }
  })

  const one = (entry: Partial<ZipEntry>, options?: ZipOptions): Buffer => zipOf([{ name: 'a', ...entry }], options)
  it.each<readonly [string, Uint8Array, RegExp]>([
    ['nothing', Buffer.alloc(0), /^the archive has no end/],
    ['other bytes', Buffer.alloc(100_000, 'PK'), /^the archive has no end/],
    ['an archive that was cut off', zipOf(ENTRIES).subarray(0, -1), /^the archive has no end/],
    [
      'an archive with something behind it',
      Buffer.concat([zipOf(ENTRIES), Buffer.from('x')]),
      /^the archive has no end/,
    ],
    ['something before it', zipOf(ENTRIES, { prefix: 'PK x' }), /is not where it should be$/],
    [
      'something before it that it does not know of',
      Buffer.concat([Buffer.from('PK'), zipOf(ENTRIES)]),
      /not where its end/,
    ],
    ['no entries', zipOf([]), /^the archive is empty$/],
    ['several parts', one({}, { damage: { 4: 1 } }), /several parts/],
    ['entries in another part', one({}, { damage: { 10: 2 } }), /several parts/],
    ['64-bit records', one({}, { damage: { 8: 0xff, 9: 0xff, 10: 0xff, 11: 0xff } }), /64-bit records/],
    ['a directory that is too large', one({}, { damage: { 14: 1 } }), /too large, or damaged$/],
    ['a directory that is elsewhere', one({}, { damage: { 16: 1 } }), /not where its end says$/],
    ['more entries than there are', one({}, { damage: { 8: 2, 10: 2 } }), /^the directory of the archive is damaged$/],
    ['no entry where one should be', one({ damage: { 0: 0 } }), /is damaged$/],
    ['a name that goes on too long', one({ damage: { 28: 200 } }), /is damaged$/],
    ['..', one({ name: 'a/../../b' }), /"a\/\.\.\/\.\.\/b" would be unpacked outside of its directory$/],
    ['an absolute name', one({ name: '/etc/passwd' }), /outside of its directory$/],
    ['a backslash', one({ name: 'a\\b' }), /outside of its directory$/],
    ['an empty name', one({ name: '' }), /outside of its directory$/],
    ['a control character', one({ name: 'a\nb' }), /outside of its directory$/],
    ['an encrypted entry', one({ damage: { 8: 1 } }), /"a" is encrypted$/],
    ['a masked header', one({ damage: { 9: 0x28 } }), /"a" is encrypted$/],
    ['a symbolic link', one({ damage: { 40: 0xff, 41: 0xa1 } }), /"a" is a symbolic link$/],
    ['another method', one({ damage: { 10: 14 } }), /"a" is packed by method 14/],
    [
      'sizes that contradict',
      one({ content: 'b', stored: true, damage: { 24: 9 } }),
      /sizes of the entry "a" contradict$/,
    ],
    [
      'an entry that overlaps',
      zipOf([{ name: 'a' }, { name: 'b', damage: { 42: 0 } }]),
      /"b" is not where it should be$/,
    ],
    ['an entry beyond the directory', one({ damage: { 20: 0xff } }), /"a" is cut off$/],
    [
      'an entry that unpacks to 4 GiB twice',
      zipOf([
        { name: 'a', damage: HUGE() },
        { name: 'b', damage: HUGE() },
      ]),
      /unpacks to more/,
    ],
    ['a name twice', zipOf([{ name: 'a' }, { name: 'a' }]), /"a" is there twice$/],
  ])('refuses %s', (_, bytes, message) => {
    expect(judge(bytes)).toMatch(message)
  })

  it('says something sensible of every damaged archive, whatever the damage', () => {
    const random = seededRandom(SEED)
    const good = zipOf(ENTRIES, { comment: 'x' })
    for (let round = 0; round < 3_000; round += 1) {
      const bytes = Buffer.from(good)
      for (let count = 1 + Math.floor(random() * 4); count > 0; count -= 1) {
        bytes.writeUInt8(Math.floor(random() * 256), Math.floor(random() * bytes.byteLength))
      }
      const cut = random() < 0.3 ? bytes.subarray(Math.floor(random() * bytes.byteLength)) : bytes
      const found = readArchive({ bytes: cut, sizeBytes: cut.byteLength })
      expect(typeof found === 'string' ? found.length : found.size, `seed ${SEED}, round ${round}`).toBeGreaterThan(0)
    }
  })
})

/** 4 GiB less one as the size of what is unpacked. */
function HUGE(): Readonly<Record<number, number>> {
  return { 24: 0xff, 25: 0xff, 26: 0xff, 27: 0xff }
}
