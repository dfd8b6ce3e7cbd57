import { inspect } from 'node:util'
import { isVmunitError, type VmunitError } from '@vmunit/core'
import { baseSeed, seededRandom } from '@vmunit/testbed/seeded-random'
import {
  type BalancerProperties,
  type FileIssue,
  formatBalancerProperties,
  formatVersionProperties,
  parseBalancerProperties,
  parseVersionProperties,
} from '@vmunit/xml-schema'
import { describe, expect, it } from 'vitest'

const SEED = baseSeed()

const FILE = 'web/tierlb.properties'

const LINES = ['lb.type=BIG-IPv11', 'lb.host=192.168.1.5', 'lb.protocol=API', 'lb.user=admin']

const BALANCER: BalancerProperties = {
  type: 'BIG-IPv11',
  host: '192.168.1.5',
  protocol: 'API',
  port: 443,
  user: 'admin',
  password: '',
}

describe('parseBalancerProperties (spec 4.5)', () => {
  it('fills in the defaults', () => {
    expect(parseBalancerProperties(LINES.join('\n'), FILE)).toStrictEqual(BALANCER)
  })

  it('reads every key', () => {
    const text = [
      ...LINES,
      'lb.port=8443',
      'lb.password=a=b # c',
      'lb.persistence.cookie-insert.templatename=vm cookie',
    ]
    expect(parseBalancerProperties(text.join('\n'), FILE)).toStrictEqual({
      ...BALANCER,
      port: 8443,
      password: 'a=b # c',
      cookieTemplate: 'vm cookie',
    })
  })

  it.each(['BIG-IPv9', 'BIG-IPv10.1', 'BIG-IPv10.2', 'BIG-IPv11', 'ACOS'])('lb.type may be %s', (type) => {
    expect(parseBalancerProperties([`lb.type=${type}`, ...LINES.slice(1)].join('\n'), FILE).type).toBe(type)
  })

  it.each(['1', '65534'])('lb.port may be %s', (port) => {
    expect(parseBalancerProperties([...LINES, `lb.port=${port}`].join('\n'), FILE).port).toBe(Number(port))
  })

  it.each([
    ['lb.type=big-ipv11', /^lb\.type must be one of BIG-IPv9, BIG-IPv10\.1, BIG-IPv10\.2, BIG-IPv11, ACOS, but is/],
    ['lb.host=balancer.example', /^lb\.host must be an IPv4 address/],
    ['lb.host=192.168.001.5', /^lb\.host must be an IPv4 address/],
    ['lb.host=::1', /^lb\.host must be an IPv4 address/],
    ['lb.protocol=SSH', /^lb\.protocol must be API, but is "SSH"$/],
    ['lb.port=0', /^lb\.port must be a number from 1 to 65534, but is "0"$/],
    ['lb.port=65535', /^lb\.port must be a number from 1 to 65534/],
    ['lb.list=a', /^unknown key lb\.list/],
    ['lb.hots=1', /^unknown key lb\.hots \(did you mean "lb\.host"\?\)$/],
  ])('has one problem with %s, in its line', (line, message) => {
    const key = line.slice(0, line.indexOf('='))
    const lines = LINES.filter((other) => !other.startsWith(`${key}=`))
    const { issues } = refusal([...lines, line].join('\n'))
    expect(issues).toEqual([{ path: FILE, line: lines.length + 1, message: expect.stringMatching(message) }])
  })

  it.each(['lb.type', 'lb.host', 'lb.protocol', 'lb.user'])('needs %s', (key) => {
    const { issues } = refusal(LINES.filter((line) => !line.startsWith(`${key}=`)).join('\n'))
    expect(issues).toEqual([{ path: FILE, line: 1, message: expect.stringContaining(`${key} is missing`) }])
  })

  it.each([
    ['with another problem beside it', 'lb.password=TopSecret\nlb.port=x'],
    ['with a character that no property file has', 'lb.password=TopSecret日\u0007'],
    ['behind another separator', 'lb.password: TopSecret=x'],
    ['behind a blank', 'lb.password TopSecret=x'],
    ['of a key in capitals', 'LB.PASSWORD TopSecret=x'],
    ['of a key that goes on', 'lb.passwordTopSecret=x'],
    ['that is empty but for what follows', 'lb.password.TopSecret=日'],
  ])('keeps a password %s out of the error', (_, line) => {
    const { error } = refusal([...LINES, line].join('\n'))
    const shown = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + String(error.stack)
    expect(shown).toContain('tierlb.properties')
    expect(shown).not.toContain('TopSecret')
    expect(shown).not.toContain('日')
  })
})

describe('formatBalancerProperties', () => {
  it('writes what reads back as the same', () => {
    const random = seededRandom(SEED)
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T
    const pieces = ['a', '=', '#', ' ', '\u00e9', '\\', '"', ':', '!']
    const text = (): string => `x${Array.from({ length: 8 }, () => pick(pieces)).join('')}x`
    for (let round = 0; round < 200; round += 1) {
      const balancer: BalancerProperties = {
        type: pick(['BIG-IPv9', 'BIG-IPv10.1', 'BIG-IPv10.2', 'BIG-IPv11', 'ACOS']),
        host: `10.${Math.floor(random() * 256)}.0.${Math.floor(random() * 256)}`,
        protocol: 'API',
        port: 1 + Math.floor(random() * 65_534),
        user: text(),
        password: random() < 0.3 ? '' : text(),
        ...(random() < 0.5 ? { cookieTemplate: text() } : {}),
      }
      const written = formatBalancerProperties(balancer)
      expect(parseBalancerProperties(written, FILE), `seed ${SEED}, round ${round}`).toStrictEqual(balancer)
      expect(formatBalancerProperties(parseBalancerProperties(written, FILE))).toBe(written)
    }
  })

  it('does not write what it could not read, and does not tell the password', () => {
    for (const password of [' TopSecret', 'TopSecret\nlb.port=1', 'TopSecret日']) {
      const error = caught(() => formatBalancerProperties({ ...BALANCER, password }))
      expect(error.code).toBe('ERR_INVALID_INPUT')
      expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain('TopSecret')
    }
    expect(caught(() => formatBalancerProperties({ ...BALANCER, port: 65_535 })).code).toBe('ERR_INVALID_FILE')
  })
})

describe('formatVersionProperties', () => {
  it('writes what reads back as the same', () => {
    const version = { interfaceVersion: '090000', targetEdition: 'standard' } as const
    const text = formatVersionProperties(version)
    expect(text).toBe('vm.interface.version=090000\nvm.target.edition=standard\n')
    expect(parseVersionProperties(text, 'version.properties')).toEqual(version)
  })

  it('writes no other version', () => {
    const other = { interfaceVersion: '080000', targetEdition: 'standard' } as never
    expect(caught(() => formatVersionProperties(other)).code).toBe('ERR_INVALID_FILE')
  })
})

function caught(work: () => unknown): VmunitError {
  try {
    work()
  } catch (error) {
    if (isVmunitError(error)) return error
    throw error
  }
  throw new Error('It was accepted.')
}

function refusal(text: string): { readonly error: VmunitError; readonly issues: readonly FileIssue[] } {
  const error = caught(() => parseBalancerProperties(text, FILE))
  expect(error.code).toBe('ERR_INVALID_FILE')
  return { error, issues: error.details['issues'] as readonly FileIssue[] }
}
