import { isVmunitError, type Tier } from '@vmunit/core'
import { baseSeed, seededRandom } from '@vmunit/testbed/seeded-random'
import {
  type FileIssue,
  formatProperties,
  formatTierProperties,
  parseProperties,
  parseTierProperties,
  parseVersionProperties,
} from '@vmunit/xml-schema'
import { describe, expect, it } from 'vitest'

const SEED = baseSeed()

const FILE = 'web/tier.properties'

const TIER_LINES = [
  'tier.type=http-tier',
  'template=web-base',
  'app.start=["systemctl","start","web"]',
  'app.stop=["systemctl","stop","web"]',
  'app.health=["curl","-f","http://127.0.0.1/"]',
]

const BALANCER_LINES = ['lb.use=front', 'lb.virtualserver.name=web_pool', 'lb.virtualserver.port=80']

const TIER: Omit<Tier, 'id'> = {
  type: 'http-tier',
  startOrder: 0,
  template: 'web-base',
  application: {
    start: ['systemctl', 'start', 'web'],
    stop: ['systemctl', 'stop', 'web'],
    health: ['curl', '-f', 'http://127.0.0.1/'],
    startTimeoutMs: 300_000,
  },
  networks: { management: 'management', service: 'service' },
}

describe('parseProperties', () => {
  it('reads a line of a million blanks in no time', () => {
    const blanks = ' \t'.repeat(500_000)
    const text = `${blanks}key${blanks}=${blanks}a${blanks}b${blanks}\n`
    const began = performance.now()
    expect(parseProperties(text, FILE)).toEqual([{ key: 'key', value: `a${blanks}b`, line: 1 }])
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  it('follows the rules of the format', () => {
    const text = [
      '# comment',
      '  ! comment too',
      '',
      '  \t ',
      '  key = value with = and blanks  ',
      'empty=',
      'alone',
      'twice=1',
      'other\t=\t\u00e9',
      'twice = 2',
      'twice=',
      'path=C:\\new\\u0041 # no comment',
    ].join('\r\n')
    expect(parseProperties(text, FILE)).toEqual([
      { key: 'key', value: 'value with = and blanks', line: 5 },
      { key: 'other', value: '\u00e9', line: 9 },
      { key: 'twice', value: '2', line: 10 },
      { key: 'path', value: 'C:\\new\\u0041 # no comment', line: 12 },
    ])
  })

  it('counts lines with every kind of line end', () => {
    expect(parseProperties('a=1\rb=2\r\nc=3\nd=4', FILE).map(({ line }) => line)).toEqual([1, 2, 3, 4])
  })

  it('does not pass over a value that stands behind something else than "="', () => {
    const message = 'there is no "=" (write key=value)'
    const lines = (text: string) => issuesOf(() => parseProperties(text, FILE))
    expect(lines('a: b\nc d\nalone\nempty:\n\te \t:f')).toEqual([
      { path: FILE, line: 1, message },
      { path: FILE, line: 2, message },
      { path: FILE, line: 5, message },
    ])
  })

  it('has problems with other characters and with lines without key, but not in comments', () => {
    const text = '# 日本\na=日本\n=value\nb=\0\nc=1'
    expect(issuesOf(() => parseProperties(text, FILE))).toEqual([
      { path: FILE, line: 2, message: '"日" is not a printable ISO 8859-1 character' },
      { path: FILE, line: 3, message: 'there is no key before "=" (write key=value)' },
      { path: FILE, line: 4, message: '"\\u0000" is not a printable ISO 8859-1 character' },
    ])
  })
})

describe('formatProperties', () => {
  it('writes what reads back as the same', () => {
    const entries = [
      { key: 'b', value: 'a=b # c' },
      { key: 'a b', value: '\u00e9' },
    ]
    const read = parseProperties(formatProperties(entries), FILE)
    expect(read.map(({ key, value }) => ({ key, value }))).toEqual(entries)
  })

  it.each([
    ['an empty key', '', 'a'],
    ['an empty value', 'a', ''],
    ['a blank at the end', 'a', 'b '],
    ['a blank at the beginning', 'a', ' b'],
    ['a line break', 'a', 'b\nc=d'],
    ['a key with =', 'a=b', 'c'],
    ['a key that is a comment', '#a', 'b'],
    ['a character beyond the format', 'a', '日'],
  ])('does not write %s', (_, key, value) => {
    expect(() => formatProperties([{ key, value }])).toThrow(expect.objectContaining({ code: 'ERR_INVALID_INPUT' }))
  })

  it('does not write a key twice', () => {
    const entry = { key: 'a', value: 'b' }
    expect(() => formatProperties([entry, entry])).toThrow(/is there already/)
  })
})

describe('parseTierProperties', () => {
  it('fills in the defaults', () => {
    expect(parseTierProperties(TIER_LINES.join('\n'), FILE)).toStrictEqual(TIER)
  })

  it('reads every key', () => {
    const lines = [
      ...TIER_LINES,
      'start.order=9999',
      'os=linux',
      'network.management=mgmt lan',
      'network.service=VLAN 12',
      'app.build=["/opt/build","","\\u65e5 $HOME"]',
      'app.deploy=["/opt/deploy"]',
      'app.start.timeout.ms=1',
      ...BALANCER_LINES,
      'lb.virtualserver.host=192.168.2.5',
      'lb.drain.timeout.ms=0',
    ]
    expect(parseTierProperties(lines.join('\n'), FILE)).toStrictEqual({
      ...TIER,
      startOrder: 9999,
      application: {
        build: ['/opt/build', '', '日 $HOME'],
        deploy: ['/opt/deploy'],
        ...TIER.application,
        startTimeoutMs: 1,
      },
      balancer: { name: 'front', pool: 'web_pool', host: '192.168.2.5', port: 80, drainTimeoutMs: 0 },
      networks: { management: 'mgmt lan', service: 'VLAN 12' },
    })
  })

  it.each([
    ['absent', []],
    ['empty', ['lb.use=']],
  ])('has no balancer when lb.use is %s', (_, lines) => {
    const text = [...TIER_LINES, ...lines, ...BALANCER_LINES.slice(1)].join('\n')
    expect(parseTierProperties(text, FILE)).toStrictEqual(TIER)
  })

  it.each([
    [
      'tier.type=free-tier',
      /^tier\.type must be one of combined-tier, http-tier, j2ee-tier, ctm-tier, but is "free-tier"$/,
    ],
    ['template=1web', /^template must be a letter/],
    [`template=a${'b'.repeat(31)}`, /at most 31 characters/],
    ['start.order=10000', /^start\.order must be a number from 0 to 9999, but is "10000"$/],
    ['start.order=-1', /^start\.order must/],
    ['start.order=1e3', /^start\.order must/],
    ['start.order=01', /^start\.order must/],
    ['os=windows', /^os must be linux/],
    ['app.start=systemctl start web', /^app\.start must be a JSON array of strings.*\["systemctl","start","web"\]/],
    ['app.stop=[]', /^app\.stop must be a JSON array/],
    ['app.health=[""]', /^app\.health must be a JSON array/],
    ['app.health=["a",1]', /^app\.health must be a JSON array/],
    ['app.health="a"', /^app\.health must be a JSON array/],
    ['app.build=["a","\\u0000"]', /^app\.build must be a JSON array/],
    ['app.start.timeout.ms=0', /^app\.start\.timeout\.ms must be a number from 1 to 86400000/],
    ['app.start.timeout.ms=86400001', /^app\.start\.timeout\.ms must/],
    ['lb.use=:units:', /^lb\.use must be :unit:, or a letter/],
    ['lb.use=9', /^lb\.use must be :unit:, or a letter/],
    [`lb.use=a${'b'.repeat(31)}`, /^lb\.use must be :unit:, or a letter/],
    ['lb.virtualserver.host=192.168.2', /^lb\.virtualserver\.host must be an IPv4 address/],
    ['app.deploy=cp', /^app\.deploy must be a JSON array/],
    ['lb.virtualserver.name=a b', /^lb\.virtualserver\.name must be a letter/],
    ['lb.virtualserver.port=65536', /^lb\.virtualserver\.port must be a number from 1 to 65535/],
    ['lb.drain.timeout.ms=soon', /^lb\.drain\.timeout\.ms must/],
    ['start.oder=1', /^unknown key start\.oder \(did you mean "start\.order"\?\)$/],
    ['zzz=1', /^unknown key zzz$/],
    ['__proto__=1', /^unknown key __proto__$/],
  ])('has one problem with %s, in its line', (line, message) => {
    const key = line.slice(0, line.indexOf('='))
    const lines = [...TIER_LINES, ...BALANCER_LINES].filter((other) => !other.startsWith(`${key}=`))
    const issues = issuesOf(() => parseTierProperties([...lines, line].join('\n'), FILE))
    expect(issues).toEqual([{ path: FILE, line: lines.length + 1, message: expect.stringMatching(message) }])
  })

  it.each(['tier.type', 'template', 'app.start', 'app.stop', 'app.health'])('needs %s', (key) => {
    const lines = TIER_LINES.filter((line) => !line.startsWith(`${key}=`))
    const issues = issuesOf(() => parseTierProperties(lines.join('\n'), FILE))
    expect(issues).toEqual([{ path: FILE, line: 1, message: expect.stringContaining(`${key} is missing`) }])
  })

  it.each(['lb.virtualserver.name', 'lb.virtualserver.port'])('needs %s with lb.use', (key) => {
    const lines = [...BALANCER_LINES.filter((line) => !line.startsWith(key)), ...TIER_LINES]
    const issues = issuesOf(() => parseTierProperties(lines.join('\n'), FILE))
    expect(issues).toEqual([{ path: FILE, line: 1, message: `${key} is missing, but lb.use needs it` }])
  })

  it('reports all problems in the order of the lines', () => {
    const text = 'template=1\n\nos=mac\nlb.use=front\nstart.order=x\nwhat=1'
    const lines = issuesOf(() => parseTierProperties(text, FILE)).map(
      ({ line, message }) => `${line} ${message.split(' ', 1)[0]}`,
    )
    expect(lines).toEqual([
      '1 tier.type',
      '1 template',
      '1 app.start',
      '1 app.stop',
      '1 app.health',
      '3 os',
      '4 lb.virtualserver.name',
      '4 lb.virtualserver.port',
      '5 start.order',
      '6 unknown',
    ])
  })

  it('says in one sentence what is wrong, where, and what to do', () => {
    const text = [...TIER_LINES, 'os=mac', 'x=1'].join('\n')
    expect(() => parseTierProperties(text, FILE)).toThrow(
      'web/tier.properties, line 6: os must be linux, because guests are POSIX systems, but is "mac" ' +
        '(and 1 more problem, see details.issues); correct the file and read it again.',
    )
  })
})

describe('formatTierProperties', () => {
  it('writes what reads back as the same', () => {
    const random = seededRandom(SEED)
    const pieces = ['a', '"', '\\', '日本', ' ', '=', '#', '\n', '\u0007', '😀', '$', '&']
    const argument = (): string =>
      Array.from({ length: 6 }, () => pieces[Math.floor(random() * pieces.length)]).join('')
    for (let round = 0; round < 100; round++) {
      const tier: Omit<Tier, 'id'> = {
        ...TIER,
        startOrder: Math.floor(random() * 10_000),
        application: { ...TIER.application, build: [`x${argument()}`, argument()], start: ['a', argument(), ''] },
        ...(random() < 0.5 ? { balancer: { name: 'front', pool: 'web', port: 443, drainTimeoutMs: 1000 } } : {}),
      }
      expect(parseTierProperties(formatTierProperties(tier), FILE), `seed ${SEED}, round ${round}`).toStrictEqual(tier)
    }
  })

  it('writes commands in ASCII, whatever encoding the file gets', () => {
    const text = formatTierProperties({ ...TIER, application: { ...TIER.application, start: ['caf\u00e9', '日'] } })
    expect(text).toContain('app.start=["caf\\u00e9","\\u65e5"]\n')
  })

  it('does not write what it could not read', () => {
    expect(() => formatTierProperties({ ...TIER, startOrder: 1.5 })).toThrow(/start\.order must be a number/)
    expect(() => formatTierProperties({ ...TIER, networks: { management: ' ', service: 'a' } })).toThrow(
      /network\.management/,
    )
  })
})

describe('parseVersionProperties', () => {
  const file = 'web/version.properties'

  it('reads the fixed values', () => {
    const text = 'vm.interface.version = 090000\nvm.target.edition=standard\n'
    expect(parseVersionProperties(text, file)).toEqual({ interfaceVersion: '090000', targetEdition: 'standard' })
  })

  it('has a problem with everything else', () => {
    const text = '\nvm.interface.version=90000\nvm.target.editon=standard'
    expect(issuesOf(() => parseVersionProperties(text, file))).toEqual([
      { path: file, line: 1, message: 'vm.target.edition is missing, it must be standard' },
      { path: file, line: 2, message: 'vm.interface.version must be 090000, but is "90000"' },
      { path: file, line: 3, message: 'unknown key vm.target.editon (did you mean "vm.target.edition"?)' },
    ])
  })
})

function issuesOf(parse: () => unknown): readonly FileIssue[] {
  try {
    parse()
  } catch (error) {
    if (isVmunitError(error, 'ERR_INVALID_FILE')) return error.details['issues'] as readonly FileIssue[]
    throw error
  }
  throw new Error('The file was accepted.')
}
