/** The sample of the original's manual, letter for letter (spec §4.1). */
export const SAMPLE = `<?xml version="1.0" encoding="utf-8"?>
<virtualserver-info xmlns="http://www.cosminexus.com/mngsvr/schema/VirtualServerInfo-1.0">
  <group name="vmgroup_1">
    <virtualserver tier="combined-system01" ip="192.168.1.110" port="20580" serviceip="192.168.2.110"/>
  </group>
</virtualserver-info>
`

/** The sample with one place changed; the place must be there. */
export function changed(from: string, to: string): string {
  if (!SAMPLE.includes(from)) throw new Error(`The sample has no ${from}`)
  return SAMPLE.replace(from, () => to)
}

export interface MalformedFile {
  readonly name: string
  readonly xml: string | Uint8Array
  readonly code: 'ERR_INVALID_FILE' | 'ERR_UNSAFE_FILE' | 'ERR_DUPLICATE_ADDRESS'
  readonly line: number
  readonly column: number
  readonly path: string
}

const SERVER = '/virtualserver-info/group[1]/virtualserver[1]'
const second = (attributes: string): string => changed('  </group>', `    <virtualserver ${attributes}/>\n  </group>`)
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const bomb = `<!DOCTYPE a [<!ENTITY a "lol">${'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'.repeat(9)}]>`

type Row = readonly [name: string, xml: string | Uint8Array, line: number, column: number, path?: string]

const rows: readonly Row[] = [
  ['empty', '', 1, 1],
  ['blank', '\n \n', 1, 1],
  ['only a declaration', '<?xml version="1.0"?>', 1, 1],
  ['no XML at all', 'group: vmgroup_1', 1, 1],
  ['closed twice', changed('</group>', '</group></group>'), 5, 11],
  ['a self-closing end tag', changed('</group>', '</group/></group>'), 5, 3],
  ['crossed tags', changed('  </group>\n</virtualserver-info>', '  </virtualserver-info>\n</group>'), 5, 3],
  ['group not closed', changed('  </group>\n', ''), 5, 1],
  ['root not closed', changed('</virtualserver-info>\n', ''), 2, 1],
  ['cut in a tag', SAMPLE.slice(0, SAMPLE.indexOf(' port=')), 4, 63],
  ['cut in a value', SAMPLE.slice(0, SAMPLE.indexOf('.110')), 4, 45],
  ['no quotes', changed('"20580"', '20580'), 4, 64],
  ['an attribute without value', changed('port="20580"', 'port'), 4, 64],
  ['no space between attributes', changed('" port', '"port'), 4, 63],
  ['an attribute twice', changed('port=', 'ip="1.2.3.4" port='), 4, 64],
  ['"<" in a value', changed('vmgroup_1', 'a<b'), 3, 10],
  ['"&" in a value', changed('vmgroup_1', 'R&D'), 3, 17],
  ['character 0 by number', changed('vmgroup_1', '&#0;'), 3, 16],
  ['a surrogate by number', changed('vmgroup_1', '&#xD800;'), 3, 16],
  ['a number beyond Unicode', changed('vmgroup_1', '&#x110000;'), 3, 16],
  ['NUL', changed('vmgroup_1', 'a\0b'), 3, 17],
  ['a lone surrogate', changed('vmgroup_1', 'a\uD800'), 3, 17],
  ['elements nested deep', changed('<group', `${'<a>'.repeat(100_000)}<group`), 3, 48],
  ['attributes without end', changed('<group', `<group${' a="1"'.repeat(10_000)}`), 3, 3],
  ['an open comment', changed('</group>', '</group><!-- '), 5, 11],
  ['a comment after the end, not closed', `${SAMPLE}<!-- `, 7, 1],
  ['"--" in a comment', changed('</group>', '<!-- a -- b --></group>'), 5, 10],
  ['"--->" ends no comment', changed('</group>', '<!-- a ---></group>'), 5, 10],
  ['an open CDATA section', changed('</group>', '<![CDATA[</group>'), 5, 3],
  ['CDATA outside', `${SAMPLE}<![CDATA[]]>`, 7, 1],
  ['"]]>" in text', changed('</group>', ']]></group>'), 5, 3],
  ['text after the root', `${SAMPLE}more`, 7, 1],
  ['text before the root', changed('<virtualserver-info', 'x<virtualserver-info'), 2, 1],
  ['two roots', `${SAMPLE}<virtualserver-info/>`, 7, 1],
  ['a blank before the declaration', ` ${SAMPLE}`, 1, 2],
  ['XML 1.1', changed('1.0', '1.1'), 1, 1],
  ['another encoding declared', changed('utf-8', 'Shift_JIS'), 1, 1],
  ['UTF-16 declared', changed('utf-8', 'UTF-16'), 1, 1],
  ['no UTF-8', latin1(changed('vmgroup_1', 'a\u00e9b')), 3, 17],
  [
    'UTF-8 cut in a character',
    Buffer.from(changed('vmgroup_1', '\u65e5')).subarray(0, SAMPLE.indexOf('vmgroup_1') + 2),
    3,
    16,
  ],
  ['UTF-16', Buffer.from(`\uFEFF${SAMPLE}`, 'utf16le'), 1, 1],
  ['a processing instruction', changed('<group', "<?note it's?><group"), 3, 3],
  ['two processing instructions that hide a group', changed('<group', "<?a '?><group"), 3, 3],
  ['a declaration with two kinds of quotes', changed('"1.0"', `'1.0"`), 1, 1],
  ['a declaration without version', changed(' version="1.0"', ''), 1, 1],
  ['a tag named __proto__', changed('<group', '<__proto__/><group'), 3, 3],
  ['a space before a name', changed('<group', '< group'), 3, 3],
  ['a name with a wrong character', changed('<group', '<gr\u00d7oup/><group'), 3, 6],

  ['another root', '<servers/>', 1, 1, '/servers'],
  ['no namespace', changed(/ xmlns="[^"]*"/.exec(SAMPLE)?.[0] ?? '', ''), 2, 1, '/virtualserver-info/@xmlns'],
  ['another namespace', changed('Info-1.0', 'Info-1.1'), 2, 21, '/virtualserver-info/@xmlns'],
  ['a prefix', changed('xmlns=', 'xmlns:v='), 2, 1, '/virtualserver-info/@xmlns'],
  ['no group', SAMPLE.replace(/ {2}<group[^]*<\/group>\n/, ''), 2, 1, '/virtualserver-info'],
  ['no server', SAMPLE.replace(/ {4}<virtualserver.*\n/, ''), 3, 3, '/virtualserver-info/group[1]'],
  ['no group name', changed(' name="vmgroup_1"', ''), 3, 3, '/virtualserver-info/group[1]/@name'],
  ['an empty group name', changed('vmgroup_1', ''), 3, 10, '/virtualserver-info/group[1]/@name'],
  ['no tier', changed('tier="combined-system01" ', ''), 4, 5, `${SERVER}/@tier`],
  ['an empty tier', changed('combined-system01', ''), 4, 20, `${SERVER}/@tier`],
  ['no ip', changed(' ip="192.168.1.110"', ''), 4, 5, `${SERVER}/@ip`],
  ['ip with a leading zero', changed('192.168.1.110', '010.1.1.1'), 4, 45, `${SERVER}/@ip`],
  ['ip with a big part', changed('192.168.1.110', '192.168.1.256'), 4, 45, `${SERVER}/@ip`],
  ['ip with three parts', changed('192.168.1.110', '192.168.110'), 4, 45, `${SERVER}/@ip`],
  ['ip as a number', changed('192.168.1.110', '3232235886'), 4, 45, `${SERVER}/@ip`],
  ['ip in hexadecimal', changed('192.168.1.110', '0xC0.168.1.110'), 4, 45, `${SERVER}/@ip`],
  ['ip with a blank', changed('192.168.1.110', '192.168.1.110 '), 4, 45, `${SERVER}/@ip`],
  ['ip as IPv6', changed('192.168.1.110', '::1'), 4, 45, `${SERVER}/@ip`],
  ['ip as a name', changed('192.168.1.110', 'localhost'), 4, 45, `${SERVER}/@ip`],
  ['an empty ip', changed('192.168.1.110', ''), 4, 45, `${SERVER}/@ip`],
  ['port 0', changed('20580', '0'), 4, 64, `${SERVER}/@port`],
  ['port 65536', changed('20580', '65536'), 4, 64, `${SERVER}/@port`],
  ['port with an exponent', changed('20580', '2e4'), 4, 64, `${SERVER}/@port`],
  ['port with a leading zero', changed('20580', '020580'), 4, 64, `${SERVER}/@port`],
  ['a negative port', changed('20580', '-1'), 4, 64, `${SERVER}/@port`],
  ['an empty port', changed('20580', ''), 4, 64, `${SERVER}/@port`],
  ['a wrong serviceip', changed('192.168.2.110', '192.168.2'), 4, 77, `${SERVER}/@serviceip`],
  ['an unknown attribute', changed('serviceip', 'serviceIp'), 4, 77, `${SERVER}/@serviceIp`],
  ['an attribute named __proto__', changed('serviceip', '__proto__'), 4, 77, `${SERVER}/@__proto__`],
  ['an unknown element', changed('</group>', '<server/></group>'), 5, 3, '/virtualserver-info/group[1]/server[1]'],
  [
    'a group in a group',
    changed('</group>', '<group name="a"/></group>'),
    5,
    3,
    '/virtualserver-info/group[1]/group[1]',
  ],
  ['text between', changed('  </group>', '  <!-- x --> stray\n  </group>'), 5, 14, '/virtualserver-info/group[1]'],
  ['text in the root', changed('  <group', '  more\n  <group'), 3, 3, '/virtualserver-info'],
  ['CDATA in a group', changed('</group>', '<![CDATA[ ]]></group>'), 5, 3, '/virtualserver-info/group[1]'],
  [
    'two groups of one name',
    changed(
      '</virtualserver-info>',
      '<group name="vmgroup_1"><virtualserver tier="a" ip="1.1.1.1"/></group></virtualserver-info>',
    ),
    6,
    8,
    '/virtualserver-info/group[2]/@name',
  ],
]

const duplicates: readonly Row[] = [
  ['an ip twice', second('tier="a" ip="192.168.1.110"'), 5, 29, '/virtualserver-info/group[1]/virtualserver[2]/@ip'],
  [
    'an ip that is a serviceip',
    second('tier="a" ip="192.168.2.110"'),
    5,
    29,
    '/virtualserver-info/group[1]/virtualserver[2]/@ip',
  ],
  [
    'a serviceip twice',
    second('tier="a" ip="1.1.1.1" serviceip="192.168.2.110"'),
    5,
    42,
    '/virtualserver-info/group[1]/virtualserver[2]/@serviceip',
  ],
  ['a serviceip that is its ip', changed('192.168.2.110', '192.168.1.110'), 4, 77, `${SERVER}/@serviceip`],
  [
    'an ip written with a reference',
    second('tier="a" ip="192.168.1.11&#48;"'),
    5,
    29,
    '/virtualserver-info/group[1]/virtualserver[2]/@ip',
  ],
]

/** Not slips of the pen: what does harm to readers that accept it. */
const unsafe: readonly Row[] = [
  ['an unknown entity', changed('vmgroup_1', '&nbsp;'), 3, 16],
  ['an entity of JavaScript', changed('vmgroup_1', '&constructor;'), 3, 16],
  ['an entity in text', changed('</group>', '&foo;</group>'), 5, 3],
  ['a document type', changed('<virtualserver-info', '<!DOCTYPE a>\n<virtualserver-info'), 2, 1],
  ['a document type in lower case', changed('<virtualserver-info', '<!doctype a>\n<virtualserver-info'), 2, 1],
  ['a billion laughs', changed('<virtualserver-info', `${bomb}\n<virtualserver-info`), 2, 1],
  ['a document type inside', changed('<group', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><group'), 3, 3],
]

const malformed = (code: MalformedFile['code'], row: Row): MalformedFile => {
  const [name, xml, line, column, path = '/'] = row
  return { name, xml, code, line, column, path }
}

/** What must be refused, and where the first problem is. */
export const MALFORMED: readonly MalformedFile[] = [
  ...rows.map((row) => malformed('ERR_INVALID_FILE', row)),
  ...unsafe.map((row) => malformed('ERR_UNSAFE_FILE', row)),
  ...duplicates.map((row) => malformed('ERR_DUPLICATE_ADDRESS', row)),
]
