import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tarEnd, tarHeader, tarPadding } from '../../src/files/tar-archive.ts'

const files = [
  { path: 'a.txt', text: 'a', executable: false },
  { path: 'empty', text: '', executable: false },
  { path: 'bin/program', text: '#!/bin/sh\n', executable: true },
  { path: 'with blank/漢字', text: 'x'.repeat(512), executable: false },
  { path: `${'deep/'.repeat(30)}${'n'.repeat(150)}`, text: 'long', executable: false },
  { path: 'n'.repeat(100), text: 'exactly as long as a header holds', executable: false },
  { path: 'n'.repeat(101), text: 'one more', executable: false },
]

function archive(): Buffer {
  const parts = files.flatMap(({ text, ...file }) => [
    tarHeader({ ...file, sizeBytes: Buffer.byteLength(text) }, 1_700_000_000_000),
    Buffer.from(text),
    tarPadding(Buffer.byteLength(text)),
  ])
  const body = Buffer.concat(parts)
  return Buffer.concat([body, tarEnd(body.length)])
}

describe.each([{ tar: ['tar'] }, { tar: ['busybox', 'tar'] }])('$tar', ({ tar: [program = '', ...rest] }) => {
  it('unpacks the archive', () => {
    const directory = mkdtempSync(join(tmpdir(), 'tar-archive-'))
    try {
      execFileSync(program, [...rest, '-xf', '-'], { cwd: directory, input: archive() })
      for (const { path, text, executable } of files) {
        expect(readFileSync(join(directory, path), 'utf8')).toBe(text)
        expect(statSync(join(directory, path)).mode & 0o777).toBe(executable ? 0o755 : 0o644)
      }
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

it('ends where a reader of whole records ends', () => {
  expect(archive().length % 10_240).toBe(0)
  for (const length of [0, 512, 9_216, 9_728, 10_240]) expect((length + tarEnd(length).length) % 10_240).toBe(0)
})

it('writes sizes that octal digits do not hold', () => {
  const input = tarHeader({ path: 'large', sizeBytes: 10 * 1024 ** 3, executable: false }, 0)
  expect(spawnSync('tar', ['-tvf', '-'], { input }).stdout.toString()).toContain('10737418240')
})
