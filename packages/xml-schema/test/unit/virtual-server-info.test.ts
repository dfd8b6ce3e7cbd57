import { DEFAULT_AGENT_PORT, type GroupDeclaration, isVmunitError, type VmunitError } from '@vmunit/core'
import { baseSeed, seededRandom } from '@vmunit/testbed/seeded-random'
import { type FileIssue, formatVirtualServerInfo, parseVirtualServerInfo } from '@vmunit/xml-schema'
import { describe, expect, it } from 'vitest'
import { changed, MALFORMED, SAMPLE } from './group-file-samples.ts'

const SEED = baseSeed()

const SAMPLE_GROUPS: readonly GroupDeclaration[] = [
  {
    name: 'vmgroup_1',
    servers: [{ tierId: 'combined-system01', address: '192.168.1.110', port: 20580, serviceAddress: '192.168.2.110' }],
  },
]

describe('parseVirtualServerInfo', () => {
  it('reads the sample of the manual', () => {
    expect(parseVirtualServerInfo(SAMPLE)).toEqual(SAMPLE_GROUPS)
  })

  it.each([
    ['bytes', Buffer.from(SAMPLE)],
    ['a byte order mark', Buffer.from(`\uFEFF${SAMPLE}`)],
    ['a byte order mark in a string', `\uFEFF${SAMPLE}`],
    ['CRLF line ends', SAMPLE.replaceAll('\n', '\r\n')],
    ['no declaration', SAMPLE.slice(SAMPLE.indexOf('\n') + 1)],
    ['a declaration with UTF-8 in capitals', changed('utf-8', 'UTF-8')],
    ['comments', changed('  <group', "<!-- <group> & it's -->\n<!---->  <group")],
    ['an end tag of its own', changed('"192.168.2.110"/>', '"192.168.2.110"></virtualserver >')],
    ['single quotes', SAMPLE.replace(/"(vmgroup_1)"/, "'$1'")],
    ['line breaks in a tag', changed(' port=', '\n\tport =\n')],
    ['references', changed('vmgroup_1', '&#118;m&#x67;roup_1')],
    ['no port', changed(' port="20580"', '')],
  ])('accepts %s', (_, xml) => {
    expect(parseVirtualServerInfo(xml)).toEqual(SAMPLE_GROUPS)
  })

  it.each(['a>b', '/', 'a/>', '-->', ']]>', "it's", '?>', '='])('reads %s in a value', (name) => {
    expect(parseVirtualServerInfo(changed('vmgroup_1', name))[0]?.name).toBe(name)
  })

  it('keeps text as it is written', () => {
    const xml = changed('vmgroup_1', ' 007&lt;1e3&gt; &amp;amp; &quot;&apos; 日本\t').replace(
      'combined-system01',
      '0x10',
    )
    const [group] = parseVirtualServerInfo(xml)
    expect(group?.name).toBe(' 007<1e3> &amp; "\' 日本 ')
    expect(group?.servers[0]?.tierId).toBe('0x10')
  })

  it('fills in the port of the agent, and leaves out a service address that is not there', () => {
    const [group] = parseVirtualServerInfo(changed(' port="20580" serviceip="192.168.2.110"', ''))
    expect(group?.servers).toStrictEqual([
      { tierId: 'combined-system01', address: '192.168.1.110', port: DEFAULT_AGENT_PORT },
    ])
  })

  it('finds all problems at once, in the order in which a file is judged', () => {
    const xml = changed('192.168.1.110', '192.168.1').replace(
      '  </group>\n',
      `    <virtualserver tier="a" ip="192.168.2.110" port="0"/>
  </group>
  <group name="vmgroup_1">stray
    <virtualserver ip="1.1.1.1" owner="me"/><vm/>
  </group>
`,
    )
    expect(issuesOf(xml).map(({ path, line, column }) => `${line}:${column} ${path}`)).toEqual([
      '7:27 /virtualserver-info/group[2]',
      '8:5 /virtualserver-info/group[2]/virtualserver[1]/@tier',
      '8:33 /virtualserver-info/group[2]/virtualserver[1]/@owner',
      '8:45 /virtualserver-info/group[2]/vm[1]',
      '4:45 /virtualserver-info/group[1]/virtualserver[1]/@ip',
      '5:48 /virtualserver-info/group[1]/virtualserver[2]/@port',
      '7:10 /virtualserver-info/group[2]/@name',
      '5:29 /virtualserver-info/group[1]/virtualserver[2]/@ip',
    ])
    const error = refusal(xml)
    expect(error.code).toBe('ERR_INVALID_FILE')
    expect(error.message).toContain('(and 7 more problems, see details.issues)')
  })

  it('does not call a wrong address a duplicate as well', () => {
    const xml = changed('192.168.1.110', '010.1.1.1').replace('192.168.2.110', '010.1.1.1')
    expect(issuesOf(xml).map(({ path }) => path)).toEqual([
      '/virtualserver-info/group[1]/virtualserver[1]/@ip',
      '/virtualserver-info/group[1]/virtualserver[1]/@serviceip',
    ])
  })

  it('counts lines and columns alike with every kind of line end', () => {
    const wrong = changed('20580', '99999')
    const expected = issuesOf(wrong)
    expect(issuesOf(wrong.replaceAll('\n', '\r\n'))).toEqual(expected)
    expect(issuesOf(wrong.replaceAll('\n', '\r'))).toEqual(expected)
    expect(issuesOf(`\uFEFF${wrong}`)).toEqual(expected)
  })

  it('refuses a file that is too large before it looks into it', () => {
    const xml = '<'.repeat(20 * 1024 * 1024)
    expect(issuesOf(xml)[0]?.message).toBe('the file has 20971520 bytes, but at most 16777216 are accepted')
    expect(issuesOf(Buffer.from(xml))[0]?.message).toContain('20971520 bytes')
    const tooLarge = expect.objectContaining({
      code: 'ERR_UNSAFE_FILE',
      message: expect.stringContaining('bytes, but at most'),
    })
    expect(() => parseVirtualServerInfo(SAMPLE, { maxBytes: SAMPLE.length - 1 })).toThrow(tooLarge)
    expect(parseVirtualServerInfo(SAMPLE, { maxBytes: SAMPLE.length })).toEqual(SAMPLE_GROUPS)
    expect(() => parseVirtualServerInfo(changed('vmgroup_1', '日'.repeat(9)), { maxBytes: SAMPLE.length })).toThrow(
      /bytes/,
    )
  })

  it('takes time in proportion to the size of hostile files', () => {
    const parts = [
      `<a${' '.repeat(1_000_000)}`,
      `<a ${'b'.repeat(1_000_000)}`,
      `${'<!---->'.repeat(200_000)}text`,
      '&amp;'.repeat(200_000),
      '&'.repeat(1_000_000),
      '<a>'.repeat(300_000),
      '<a/>'.repeat(100_000),
      '<a/>'.repeat(600_000),
      `<a b="${'&#9;'.repeat(200_000)}"/>`,
      '<'.repeat(1_000_000),
      ']]>'.repeat(300_000),
      `<?a ${'?'.repeat(1_000_000)}?>text`,
      `<a b="1"${' c="2"'.repeat(100_000)}/>`,
      `${'<!-- -->\n'.repeat(100_000)}text`,
    ]
    const started = performance.now()
    for (const part of parts) expect(refusal(changed('</group>', `${part}</group>`)).code).toBe('ERR_INVALID_FILE')
    expect(performance.now() - started).toBeLessThan(15_000)
  }, 60_000)

  it('lists no more than 10,000 problems', () => {
    expect(issuesOf(changed('</group>', `${'<a/>'.repeat(10_001)}</group>`))).toHaveLength(10_000)
  })

  it('is not made for other types', () => {
    expect(() => parseVirtualServerInfo(1 as unknown as string)).toThrow(TypeError)
  })

  it('answers any damage of a good file with groups or with an error of its own', () => {
    const random = seededRandom(SEED)
    const pieces = [
      '<',
      '>',
      '/',
      '"',
      "'",
      '&',
      ';',
      '=',
      ' ',
      '\n',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      'x',
      '\0',
      '日',
    ]
    let refused = 0
    for (let round = 0; round < 3000; round++) {
      const at = Math.floor(random() * SAMPLE.length)
      const piece = pieces[Math.floor(random() * pieces.length)] ?? ''
      const xml = SAMPLE.slice(0, at) + piece + SAMPLE.slice(at + Math.floor(random() * 3))
      try {
        parseVirtualServerInfo(xml)
      } catch (error) {
        refused += 1
        if (!isVmunitError(error, 'ERR_INVALID_FILE', 'ERR_UNSAFE_FILE', 'ERR_DUPLICATE_ADDRESS')) {
          throw new Error(`seed ${SEED}, round ${round}: ${JSON.stringify(xml)}`, { cause: error })
        }
      }
    }
    expect(refused, `seed ${SEED}`).toBeGreaterThan(1000)
  })
})

describe('formatVirtualServerInfo', () => {
  it('writes the sample of the manual letter for letter', () => {
    expect(formatVirtualServerInfo(SAMPLE_GROUPS)).toBe(SAMPLE)
  })

  it('writes what reads back as the same, whatever names there are', () => {
    const random = seededRandom(SEED)
    for (let round = 0; round < 200; round++) {
      const groups = randomGroups(random)
      const xml = formatVirtualServerInfo(groups)
      const read = parseVirtualServerInfo(Buffer.from(xml))
      expect(read, `seed ${SEED}, round ${round}`).toStrictEqual(groups)
      expect(formatVirtualServerInfo(read), `seed ${SEED}, round ${round}`).toBe(xml)
    }
  })

  it.each<[string, readonly GroupDeclaration[]]>([
    ['no groups', []],
    ['a group without servers', [{ name: 'a', servers: [] }]],
    ['a character that XML does not have', [{ name: 'a\0', servers: SAMPLE_GROUPS[0]?.servers ?? [] }]],
    ['a wrong address', [{ name: 'a', servers: [{ tierId: 'a', address: '1.1.1.1"', port: 1 }] }]],
    ['a wrong port', [{ name: 'a', servers: [{ tierId: 'a', address: '1.1.1.1', port: 1.5 }] }]],
    ['an address twice', [...SAMPLE_GROUPS, { name: 'b', servers: SAMPLE_GROUPS[0]?.servers ?? [] }]],
  ])('does not write %s', (_, groups) => {
    expect(() => formatVirtualServerInfo(groups)).toThrow(expect.objectContaining({ name: 'VmunitError' }))
  })
})

describe('the table of malformed files', () => {
  it('has distinct names and many rows', () => {
    expect(new Set(MALFORMED.map(({ name }) => name)).size).toBe(MALFORMED.length)
    expect(MALFORMED.length).toBeGreaterThan(40)
  })
})

function randomGroups(random: () => number): readonly GroupDeclaration[] {
  const alphabet = [
    ...Array.from('ab1_.- &<>"\'=/;#日本語\u00e9\t\n\r😀\u2028\u00a0'),
    '&amp;',
    '&#9;',
    ']]>',
    '<!--',
    '--',
  ]
  const text = (): string => {
    const length = 1 + Math.floor(random() * 12)
    return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
  }
  let next = Math.floor(random() * 1_000_000)
  const address = (): string => {
    next += 1
    return `10.${(next >> 16) & 255}.${(next >> 8) & 255}.${next & 255}`
  }
  return Array.from({ length: 1 + Math.floor(random() * 5) }, (_, index) => ({
    name: `${text()}${index}`,
    servers: Array.from({ length: 1 + Math.floor(random() * 4) }, () => ({
      tierId: text(),
      address: address(),
      port: 1 + Math.floor(random() * 65_535),
      ...(random() < 0.5 ? { serviceAddress: address() } : {}),
    })),
  }))
}

function refusal(xml: string | Uint8Array): VmunitError {
  try {
    parseVirtualServerInfo(xml)
  } catch (error) {
    if (isVmunitError(error)) return error
    throw error
  }
  throw new Error('The file was accepted.')
}

function issuesOf(xml: string | Uint8Array): readonly FileIssue[] {
  return refusal(xml).details['issues'] as readonly FileIssue[]
}
