import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fingerprint, parseHostKey } from '../../src/host-keys/host-key.ts'
import { lookUpKnownHost } from '../../src/host-keys/known-hosts.ts'
import { newKeyPair } from '../support/new-key-pair.ts'

const newKey = (): string => newKeyPair().public
const [first, second, third] = [newKey(), newKey(), newKey()]
const keysOf = (text: string, host: string, port = 22): readonly string[] =>
  lookUpKnownHost(text, host, port).keys.map((key) => `${key.type} ${key.blob.toString('base64')}`)

/** What `ssh-keygen` makes of these lines. */
function withFile<T>(text: string, work: (path: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'known-hosts-'))
  const path = join(directory, 'known_hosts')
  writeFileSync(path, text)
  try {
    return work(path)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

describe('known hosts', () => {
  it('finds plain names, lists of names and comments', () => {
    const text = `# comment\n\nap01,192.168.1.110 ${first} a comment\nap02 ${second}\n`
    expect(keysOf(text, '192.168.1.110')).toEqual([first])
    expect(keysOf(text, 'AP01')).toEqual([first])
    expect(keysOf(text, 'ap02')).toEqual([second])
    expect(keysOf(text, 'ap03')).toEqual([])
  })

  it('tells ports apart', () => {
    const text = `ap01 ${first}\n[ap01]:2222 ${second}\n`
    expect(keysOf(text, 'ap01')).toEqual([first])
    expect(keysOf(text, 'ap01', 2222)).toEqual([second])
    expect(keysOf(text, 'ap01', 2223)).toEqual([])
  })

  it('knows patterns and exceptions', () => {
    const text = `*.example.com,!bad.example.com ${first}\n192.168.1.? ${second}\n`
    expect(keysOf(text, 'a.example.com')).toEqual([first])
    expect(keysOf(text, 'bad.example.com')).toEqual([])
    expect(keysOf(text, '192.168.1.1')).toEqual([second])
    expect(keysOf(text, '192.168.1.10')).toEqual([])
    expect(keysOf(text, '192x168.1.1')).toEqual([])
  })

  it('finds names that ssh-keygen has hashed', () => {
    const hashed = withFile(`ap01 ${first}\n[ap01]:2222 ${second}\n`, (path) => {
      execFileSync('ssh-keygen', ['-H', '-f', path], { stdio: 'ignore' })
      return readFileSync(path, 'utf8')
    })
    expect(hashed).not.toContain('ap01')
    expect(keysOf(hashed, 'ap01')).toEqual([first])
    expect(keysOf(hashed, 'ap01', 2222)).toEqual([second])
    expect(keysOf(hashed, 'ap02')).toEqual([])
  })

  it('keeps revoked keys and authorities apart', () => {
    const seen = lookUpKnownHost(
      `@revoked * ${first}\n@cert-authority *.lan ${second}\nap.lan ${third}\n`,
      'ap.lan',
      22,
    )
    expect(seen.keys).toHaveLength(1)
    expect(seen.revoked.map((key) => fingerprint(key.blob))).toEqual([fingerprint(parseHostKey(first).blob)])
    expect(seen.authority).toBe(true)
  })

  it('takes nothing from lines that it does not understand', () => {
    const [type, blob] = second.split(' ')
    const text = `ap01\nap01 ssh-ed25519\nap01 ssh-rsa ${blob}\nap01 ${type} AAAA\n@unknown ap01 ${first}\n|1|x ${first}\n`
    expect(keysOf(text, 'ap01')).toEqual([])
  })

  it('makes fingerprints as ssh-keygen does', () => {
    const listed = withFile(first, (path) => execFileSync('ssh-keygen', ['-lf', path]).toString())
    expect(listed.split(' ')[1]).toBe(fingerprint(parseHostKey(first).blob))
  })
})
