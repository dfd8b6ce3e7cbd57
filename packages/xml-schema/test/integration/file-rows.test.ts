import { DEFAULT_AGENT_PORT, type ErrorCode, exitClass, isVmunitError } from '@vmunit/core'
import {
  type FileIssue,
  parseBalancerProperties,
  parseTierProperties,
  parseVersionProperties,
  parseVirtualServerInfo,
  readDefinition,
  readUserScript,
} from '@vmunit/xml-schema'
import { describe, expect, it } from 'vitest'
import {
  BALANCER,
  type Files,
  GOOD,
  temporaryDirectory,
  tierFile,
  VERSION,
  writeFiles,
} from '../support/definition-directory.ts'
import { zipOf } from '../support/zip.ts'
import { changed, SAMPLE } from '../unit/group-file-samples.ts'

/** A row of the specification: what must be refused, each for this reason. */
interface Refused {
  readonly title: string
  readonly reason: RegExp
  readonly reads: readonly (() => unknown)[]
}

const group = (...files: readonly (string | Uint8Array)[]): Refused['reads'] =>
  files.map((file) => () => parseVirtualServerInfo(file))

const directory = (...all: readonly Files[]): Refused['reads'] =>
  all.map((files) => async () => {
    await using folder = await temporaryDirectory()
    await writeFiles(folder.path, GOOD)
    await writeFiles(folder.path, files)
    await readDefinition(folder.path)
  })

/** The entry point that `lb.use` needs. */
const ENTRY = ['lb.use=front', 'lb.virtualserver.name=web', 'lb.virtualserver.port=80']

/** A tier.properties in which these lines replace those with their keys. */
const tier = (...all: readonly string[]): Refused['reads'] =>
  all.map((line) => () => parseTierProperties(replaced(`${tierFile('j2ee-tier')}${ENTRY.join('\n')}`, line), 'file'))

const version = (...all: readonly string[]): Refused['reads'] =>
  all.map((line) => () => parseVersionProperties(replaced(VERSION, line), 'file'))

const balancer = (...all: readonly string[]): Refused['reads'] =>
  all.map((line) => () => parseBalancerProperties(replaced(BALANCER, line), 'file'))

function replaced(text: string, line: string): string {
  const key = line.slice(0, line.indexOf('=') + 1)
  return [...text.split('\n').filter((other) => !other.startsWith(key)), line].join('\n')
}

const duplicate = (attributes: string): string =>
  changed('  </group>', `    <virtualserver tier="a" ${attributes}/>\n  </group>`)

const GROUP_FILES: readonly Refused[] = [
  {
    title: '3.12 row 2: the group information file is malformed',
    reason: /line \d+/,
    reads: group('', 'group: vmgroup_1', changed('</group>', ''), changed(' port=', ' port'), `${SAMPLE}more`),
  },
  {
    title: '3.12 row 9: the file cannot be read as text',
    reason: /UTF-8/,
    reads: group(Buffer.from(changed('vmgroup_1', 'é'), 'latin1'), Buffer.from(`\uFEFF${SAMPLE}`, 'utf16le')),
  },
  {
    title: '4.1 row 1: another root element or namespace',
    reason: /virtualserver-info|xmlns/,
    reads: group('<servers/>', changed('Info-1.0', 'Info-1.1'), changed('xmlns=', 'xmlns:v=')),
  },
  { title: '4.1 row 2: no group', reason: /group/, reads: group(SAMPLE.replace(/ {2}<group[^]*<\/group>\n/, '')) },
  {
    title: '4.1 row 3: a group without a name',
    reason: /name/,
    reads: group(changed(' name="vmgroup_1"', ''), changed('vmgroup_1', '')),
  },
  {
    title: '4.1 row 4: two groups of one name',
    reason: /vmgroup_1/,
    reads: group(
      changed('  </group>', '  </group><group name="vmgroup_1"><virtualserver tier="a" ip="1.1.1.1"/></group>'),
    ),
  },
  {
    title: '4.1 row 5: a group without a server',
    reason: /virtualserver/,
    reads: group(SAMPLE.replace(/ {4}<virtualserver.*\n/, '')),
  },
  {
    title: '4.1 row 6: a server without a tier',
    reason: /tier/,
    reads: group(changed('tier="combined-system01" ', ''), changed('combined-system01', '')),
  },
  {
    title: '4.1 row 7: an identifier that is no dotted IPv4 address',
    reason: /IPv4|ip/,
    reads: group(
      ...['192.168.1', '192.168.1.256', '010.1.1.1', '::1', 'localhost', ''].map((ip) => changed('192.168.1.110', ip)),
    ),
  },
  {
    title: '4.1 row 8: a port out of range',
    reason: /port/,
    reads: group(...['0', '65536', '-1', '2e4', ''].map((port) => changed('20580', port))),
  },
  {
    title: '4.1 row 10: a service address that is no dotted IPv4 address',
    reason: /IPv4|serviceip/,
    reads: group(...['192.168.2', '192.168.2.256', 'front', ''].map((ip) => changed('192.168.2.110', ip))),
  },
]

const DEFINITIONS: readonly Refused[] = [
  {
    title: '4.2 row 1: a required file is missing',
    reason: /the file is missing/,
    reads: directory({ 'web/tier.properties': undefined }, { 'ap/version.properties': undefined }),
  },
  {
    title: '4.2 row 2: a property out of range',
    reason: /start\.order must be/,
    reads: directory({ 'web/tier.properties': `${tierFile('http-tier')}start.order=10000` }),
  },
  {
    title: '4.2 row 3: a version of another generation',
    reason: /vm\.interface\.version must be 090000|version 08-70/,
    reads: directory(
      { 'web/version.properties': VERSION.replace('090000', '080000') },
      { 'vmi/unit.properties': 'lb.use=' },
    ),
  },
  {
    title: '4.2 row 4: an application that is neither EAR nor ZIP',
    reason: /only files \*\.ear and \*\.zip|no EAR or ZIP/,
    reads: directory({ 'ap/app/shop.war': zipOf([{ name: 'a' }]) }, { 'ap/app/shop.ear': 'text' }),
  },
  {
    title: '4.2 row 5: a tier type that is not allowed',
    reason: /tier\.type must be one of/,
    reads: directory(...['free-tier', 'sfo-tier'].map((type) => ({ 'ap/tier.properties': tierFile(type) }))),
  },
  {
    title: '4.2 row 6: an application without its cosminexus.xml',
    reason: /has no cosminexus\.xml/,
    reads: directory({ 'ap/config/Cosminexus/shop/META-INF/cosminexus.xml': undefined }),
  },
  {
    title: '4.2 row 7: an http-tier without a j2ee-tier',
    reason: /needs a tier of type j2ee-tier/,
    reads: directory({ 'ap/tier.properties': tierFile('combined-tier') }),
  },
  {
    title: '4.3 row 9: lb.use=:unit: without tierlb.properties',
    reason: /lb\.use=:unit: needs it/,
    reads: directory({
      'ap/tier.properties': `${tierFile('j2ee-tier')}${ENTRY.join('\n').replace('front', ':unit:')}`,
    }),
  },
  {
    title: '4.8 row 2: hook/ holds something else than the script',
    reason: /only the script pre-setup/,
    reads: directory({ 'hook/pre-setup.bat': '' }, { 'hook/post-setup': '' }, { 'hook/more/a': '' }),
  },
]

const PROPERTIES: readonly Refused[] = [
  {
    title: '4.3 row 1: lb.use is neither a connection nor :unit:',
    reason: /lb\.use must be :unit:, or a letter/,
    reads: tier('lb.use=:units:', 'lb.use=9', 'lb.use=a b', `lb.use=a${'b'.repeat(31)}`),
  },
  {
    title: '4.3 row 3: linkage without the name of the entry point',
    reason: /lb\.virtualserver\.name is missing/,
    reads: tier('lb.virtualserver.name='),
  },
  {
    title: '4.3 row 4: a malformed name of the entry point',
    reason: /lb\.virtualserver\.name must be a letter/,
    reads: tier('lb.virtualserver.name=1web', 'lb.virtualserver.name=a b'),
  },
  {
    title: '4.3 row 5: a port of the entry point out of range',
    reason: /lb\.virtualserver\.port must be a number from 1 to 65535/,
    reads: tier('lb.virtualserver.port=0', 'lb.virtualserver.port=65536', 'lb.virtualserver.port=http'),
  },
  {
    title: '4.3 row 6: an address of the entry point that is no dotted IPv4 address',
    reason: /lb\.virtualserver\.host must be an IPv4 address/,
    reads: tier('lb.virtualserver.host=192.168.2', 'lb.virtualserver.host=front'),
  },
  {
    title: '4.3 row 7: a start order out of range',
    reason: /start\.order must be a number from 0 to 9999/,
    reads: tier('start.order=-1', 'start.order=10000', 'start.order=first'),
  },
  {
    title: '4.3 row 8: a guest OS that is not supported',
    reason: /os must be linux/,
    reads: tier('os=windows', 'os=aix'),
  },
  {
    title: '4.3 row 10: a value behind a colon or a blank in place of =',
    reason: /there is no "="/,
    reads: [...tier('lb.use: front', 'lb.use :unit:'), ...balancer('lb.password: secret')],
  },
  {
    title: '4.4 row 1: another interface version than the fixed one',
    reason: /vm\.interface\.version (?:must be|is missing, it must be) 090000/,
    reads: version('vm.interface.version=080700', 'vm.interface.version=90000', 'vm.interface.version='),
  },
  {
    title: '4.4 row 2: another edition than the fixed one',
    reason: /vm\.target\.edition (?:must be|is missing, it must be) standard/,
    reads: version('vm.target.edition=enterprise', 'vm.target.edition='),
  },
  {
    title: '4.4 row 4: a character beyond ISO 8859-1',
    reason: /is not a printable ISO 8859-1 character/,
    reads: version('vm.target.edition=標準'),
  },
  {
    title: '4.5 row 1: an unknown kind of load balancer',
    reason: /lb\.type .*must be one of BIG-IPv9, BIG-IPv10\.1, BIG-IPv10\.2, BIG-IPv11, ACOS/,
    reads: balancer('lb.type=HAProxy', 'lb.type=acos', 'lb.type='),
  },
  {
    title: '4.5 row 2: a management address that is no dotted IPv4 address',
    reason: /lb\.host .*IPv4 address/,
    reads: balancer('lb.host=balancer', 'lb.host=192.168.1', 'lb.host='),
  },
  {
    title: '4.5 row 3: another protocol than API',
    reason: /lb\.protocol .*must be API/,
    reads: balancer('lb.protocol=SSH', 'lb.protocol='),
  },
  {
    title: '4.5 row 4: a port out of range',
    reason: /lb\.port must be a number from 1 to 65534/,
    reads: balancer('lb.port=0', 'lb.port=65535'),
  },
  { title: '4.5 row 6: no user', reason: /lb\.user is missing/, reads: balancer('lb.user=') },
  {
    title: '4.5 row 7: a key of another file',
    reason: /unknown key lb\.list/,
    reads: balancer('lb.list=192.168.1.5'),
  },
]

describe('rows of the specification about files', () => {
  it.each(titled([...GROUP_FILES, ...PROPERTIES]))('%s', async (_, { reads, reason }) => {
    for (const read of reads) await expectRefused(read, { code: 'ERR_INVALID_FILE', reason })
  })

  it.each(titled(DEFINITIONS))('%s', async (_, { reads, reason }) => {
    for (const read of reads) await expectRefused(read, { code: 'ERR_INVALID_DEFINITION', reason })
  })

  it('3.12 row 6: an address appears twice in the file', async () => {
    const twice = [
      'ip="192.168.1.110"',
      'ip="192.168.2.110"',
      'ip="1.1.1.1" serviceip="192.168.1.110"',
      'ip="1.1.1.1" serviceip="192.168.2.110"',
      'ip="1.1.1.1" serviceip="1.1.1.1"',
    ]
    for (const read of group(...twice.map(duplicate))) {
      await expectRefused(read, { code: 'ERR_DUPLICATE_ADDRESS', reason: /must be unique in the file/ })
    }
  })

  it('3.12 row 10: the file is larger than the limit', async () => {
    const read = (): unknown => parseVirtualServerInfo(SAMPLE, { maxBytes: SAMPLE.length - 1 })
    await expectRefused(read, { code: 'ERR_UNSAFE_FILE', reason: /bytes/ })
  })

  it('4.1 row 9: without a port: that of the agent', () => {
    const [first] = parseVirtualServerInfo(changed(' port="20580"', ''))
    expect(first?.servers[0]?.port).toBe(DEFAULT_AGENT_PORT)
    expect(DEFAULT_AGENT_PORT).toBe(20580)
  })

  it('4.1 row 11: without a service address', () => {
    const [first] = parseVirtualServerInfo(changed(' serviceip="192.168.2.110"', ''))
    expect(first?.servers).toStrictEqual([{ tierId: 'combined-system01', address: '192.168.1.110', port: 20580 }])
  })

  it('4.1 row 12: problems in the order of validation: syntax, values, duplicates', async () => {
    const all = changed('port="20580"', 'port="0"').replace(
      '  </group>',
      '    <virtualserver ip="192.168.2.110"/>\n  </group>',
    )
    const error = await refusal(() => parseVirtualServerInfo(all))
    const issues = error.details['issues'] as readonly FileIssue[]
    expect(issues.map(({ path }) => path.slice(path.lastIndexOf('virtualserver[')))).toEqual([
      'virtualserver[2]/@tier',
      'virtualserver[1]/@port',
      'virtualserver[2]/@ip',
    ])
    expect(exitClass(error)).toBe(64)
  })

  it('4.3 row 2: lb.use is empty or absent: linkage off', () => {
    for (const lines of [[], ['lb.use='], ['lb.use=', ...ENTRY.slice(1)]]) {
      const text = `${tierFile('j2ee-tier')}${lines.join('\n')}`
      expect(parseTierProperties(text, 'file').balancer).toBeUndefined()
    }
  })

  it('4.4 row 3: comments, blanks and keys without value are ignored, the last of equal keys wins', () => {
    const text = [
      '# vm.interface.version=1',
      '',
      '  vm.interface.version = 080000  ',
      'vm.interface.version\t=\t090000',
      'vm.interface.version=',
      'vm.target.edition=standard',
    ]
    expect(parseVersionProperties(text.join('\n'), 'file')).toEqual({
      interfaceVersion: '090000',
      targetEdition: 'standard',
    })
  })

  it('4.8 row 6: a script directory without user-script', async () => {
    await using folder = await temporaryDirectory()
    await writeFiles(folder.path, { 'user-script.bat': '' })
    const read = async (): Promise<unknown> => await readUserScript(folder.path)
    await expectRefused(read, { code: 'ERR_INVALID_FILE', reason: /user-script: the file is missing/ })
  })

  it('4.5 row 5: without port and password: 443, and an empty one', () => {
    const text = BALANCER.replace(/lb\.password=.*\n/, '')
    expect(parseBalancerProperties(text, 'file')).toMatchObject({ port: 443, password: '' })
  })
})

function titled(rows: readonly Refused[]): readonly (readonly [string, Refused])[] {
  return rows.map((row) => [row.title, row])
}

async function refusal(read: () => unknown) {
  const error = await Promise.resolve()
    .then(read)
    .then(
      () => new Error('It was accepted.'),
      (reason: unknown) => reason,
    )
  if (isVmunitError(error)) return error
  throw error
}

async function expectRefused(
  read: () => unknown,
  { code, reason }: { readonly code: ErrorCode; readonly reason: RegExp },
): Promise<void> {
  const error = await refusal(read)
  expect([error.code, exitClass(error)], error.message).toEqual([code, 64])
  expect(error.message).toMatch(reason)
}
