import { describe, expect, it } from 'vitest'
import { createBells, listen } from '../../../src/engine/bell.ts'

describe('createBells', () => {
  it('wakes those who listen to the bell of a run, in whichever order the bell was asked for', async () => {
    const bells = createBells()
    const over = new AbortController()
    const heard: string[] = []
    const rings = ['one', 'two'].map((id) =>
      bells
        .of(id)
        .next(over.signal)
        .then(() => heard.push(id)),
    )
    bells.of('one').ring()
    await rings[0]
    expect(heard).toEqual(['one'])
    bells.of('two').ring()
    await rings[1]
    expect(heard).toEqual(['one', 'two'])
  })

  it('keeps nothing of a run that nobody listens to: not when it has rung, and not when the listener is gone', () => {
    const listeners = new Map<string, Set<() => void>>()
    const bells = createBells(listeners)
    const [first, second] = [listen(bells.of('followed')), listen(bells.of('followed'))]
    expect(listeners.get('followed')?.size).toBe(2)
    first[Symbol.dispose]()
    expect(listeners.get('followed')?.size).toBe(1)
    second[Symbol.dispose]()
    expect([...listeners.keys()]).toEqual([])
    using rung = listen(bells.of('moved'))
    bells.of('moved').ring()
    bells.of('unheard').ring()
    expect([...listeners.keys()]).toEqual([])
    using later = listen(bells.of('moved'))
    // Who was woken takes nothing from who listens by then.
    rung[Symbol.dispose]()
    expect(listeners.get('moved')?.size).toBe(1)
    expect(later).toBeDefined()
  })
})
