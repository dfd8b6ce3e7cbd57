import type { CreateMachine } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { connectVsphere } from '../../src/index.ts'
import { objectElement, scriptedTransport } from '../support/scripted-transport.ts'

const SPEC: CreateMachine = {
  marker: { manager: 'm', unit: 'u', slot: 'g/web/0', operationId: 'run/step#1' },
  name: 'web-1',
  image: 'vm-7',
  networks: [],
}

/** A vCenter on which clones run that have no machine yet: what happens between the call and the first sight of it. */
async function lookWhile(clones: readonly (readonly (readonly [task: string, image: string])[])[]): Promise<string[]> {
  const rounds = [...clones]
  const transport = scriptedTransport(({ method, body }) => {
    if (method !== 'RetrievePropertiesEx') return ''
    const tasks = body.includes('recentTask') ? (rounds.shift() ?? []) : []
    const objects = tasks.map(([task, image]) =>
      objectElement('Task', task, {
        'info.descriptionId': 'VirtualMachine.clone',
        'info.state': 'queued',
        'info.entity': image,
      }),
    )
    return `<returnval>${objects.join('')}</returnval>`
  })
  await using driver = await connectVsphere({ transport, placement: { folder: 'group-v3' } })
  const states: string[] = []
  for (const _ of clones) states.push((await driver.created(SPEC)).state)
  return states
}

describe('a creation that has no machine yet', () => {
  it('is absent when no clone of its image runs', async () => {
    expect(await lookWhile([[], [['task-1', 'vm-8']]])).toEqual(['absent', 'absent'])
  })

  it('is busy as long as a clone of its image runs that may be it', async () => {
    const clone = ['task-1', 'vm-7'] as const
    expect(await lookWhile([[clone], [clone], []])).toEqual(['busy', 'busy', 'absent'])
  })

  it('is not kept waiting by clones that began after it was first looked for', async () => {
    const first = ['task-1', 'vm-7'] as const
    const later = ['task-2', 'vm-7'] as const
    expect(await lookWhile([[first], [first, later], [later]])).toEqual(['busy', 'busy', 'absent'])
  })
})

describe('an answer without objects', () => {
  it('is no empty inventory: the root of the tree is always asked for', async () => {
    const asked: string[] = []
    const transport = scriptedTransport(({ method, body }) => {
      if (method !== 'RetrievePropertiesEx') return ''
      asked.push(body)
      const fault = '<fault><fault xsi:type="NotAuthenticated"/><localizedMessage/></fault>'
      const isFirst = asked.length === 1
      const missing = `<objects><obj type="Folder">root</obj><missingSet><path>name</path>${fault}</missingSet></objects>`
      return `<returnval>${isFirst ? missing : objectElement('Folder', 'root', { name: 'Datacenters' })}</returnval>`
    })
    await using driver = await connectVsphere({ transport })
    expect(await driver.inventory({})).toEqual({ machines: [], blind: [] })
    expect(asked).toHaveLength(2)
    expect(asked[0]).toMatch(/<objectSet><obj type="rootFolder">rootFolder<\/obj><skip>false<\/skip>/)
  })
})
