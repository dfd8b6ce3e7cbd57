import { expect, it } from 'vitest'
import { createOutputCap } from '../../src/commands/output-cap.ts'
import { seeded } from '../support/seeded.ts'

const random = seeded()

it(`keeps head and tail of any output, in any pieces (seed ${random.seed})`, () => {
  for (let round = 0; round < 500; round += 1) {
    const kept = 1 + random.int(50)
    const cap = createOutputCap(kept)
    const pieces = Array.from({ length: random.int(30) }, () => random.bytes(random.int(3 * kept)))
    for (const piece of pieces) {
      cap.push(piece)
    }
    const all = Buffer.concat(pieces)
    const whole = all.length <= 2 * kept
    const expected = whole ? all : Buffer.concat([all.subarray(0, kept), all.subarray(all.length - kept)])
    expect(cap.bytes().equals(expected)).toBe(true)
    expect(cap.dropped()).toBe(all.length - expected.length)
  }
})

it('does not hold on to the buffers that it was given', () => {
  const cap = createOutputCap(8)
  const reused = Buffer.alloc(4)
  for (const text of ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee']) {
    reused.write(text)
    cap.push(reused)
  }
  expect(cap.bytes().toString()).toBe('aaaabbbbddddeeee')
  expect(cap.dropped()).toBe(4)
})
