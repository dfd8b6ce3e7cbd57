import { expect, it } from 'vitest'
import { open, startChild, storePath } from './support.ts'

it.each([10, 300, 1500])(
  'after a kill at about line %i the journal has no gap and everything that was resolved',
  async (lines) => {
    const path = storePath()
    const child = startChild('append-forever', path)
    const said: string[] = []
    while (said.length < lines) said.push(await child.line())
    child.signal('SIGKILL')
    // A last line may be cut off; its number would only be smaller.
    said.push(...(await child.rest()))

    const resolved = new Map<string, number>()
    for (const line of said) {
      const [run = '', seq = ''] = line.split(' ')
      resolved.set(run, Math.max(resolved.get(run) ?? 0, Number(seq)))
    }
    const store = open(path)
    const lease = await store.acquire('crash', { owner: 'test', ttlMs: 30_000 })
    expect(resolved.size).toBeGreaterThan(0)
    for (const [run, last] of resolved) {
      const seqs = (await Array.fromAsync(store.journal(run, 1))).map(({ seq }) => seq)
      expect(seqs).toEqual(Array.from(seqs, (_, index) => index + 1))
      expect(seqs.length).toBeGreaterThanOrEqual(last)
      const [document] = await store.get([`doc/${run}`])
      expect(document).toMatchObject({ revision: seqs.length, value: seqs.length })
      await store.commit({ lease, append: [{ run, seq: seqs.length + 1, type: 'after', data: null }] })
    }
  },
)
