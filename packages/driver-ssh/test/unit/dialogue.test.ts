import { isVmunitError } from '@vmunit/core'
import { expect, it } from 'vitest'
import { createDialogue } from '../../src/files/dialogue.ts'
import { seeded } from '../support/seeded.ts'

const random = seeded()

it(`reads lines and bytes, however they come (seed ${random.seed})`, async () => {
  for (let round = 0; round < 200; round += 1) {
    const dialogue = createDialogue(new Promise<never>(() => {}))
    const body = random.bytes(random.int(100))
    const all = Buffer.concat([Buffer.from(`first ${body.length}\n`), body, Buffer.from('last\n')])
    const reading = (async () => [await dialogue.line(), await dialogue.bytes(body.length), await dialogue.line()])()
    for (let at = 0; at < all.length; ) {
      const length = 1 + random.int(20)
      dialogue.take(all.subarray(at, at + length))
      at += length
      if (random.int(2) === 0) await Promise.resolve()
    }
    expect(await reading).toEqual([`first ${body.length}`, body, 'last'])
  }
})

it('rejects when the process ends, and when a line has no end', async () => {
  const over = new Error('over')
  await expect(createDialogue(Promise.reject(over)).line()).rejects.toBe(over)
  const dialogue = createDialogue(new Promise<never>(() => {}))
  dialogue.take(Buffer.alloc(10_000, 'x'))
  await expect(dialogue.line()).rejects.toSatisfy((error) => isVmunitError(error, 'ERR_DRIVER'))
})

it('holds no more of a flood than what a script may say', async () => {
  const dialogue = createDialogue(new Promise<never>(() => {}), 100)
  for (const count of [101, Number.NaN]) {
    await expect(dialogue.bytes(count)).rejects.toSatisfy((error) => isVmunitError(error, 'ERR_DRIVER'))
  }
  for (let count = 0; count < 1_000; count += 1) dialogue.take(Buffer.alloc(60, 'x'))
  await dialogue.bytes(100)
  await dialogue.bytes(20)
  const next = dialogue.bytes(1)
  dialogue.take(Buffer.from('y'))
  expect((await next).toString()).toBe('y')
})
