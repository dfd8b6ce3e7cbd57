import { describe, expect, it } from 'vitest'
import { connectVsphere } from '../../src/index.ts'
import { networkError } from '../../src/transport/network-error.ts'
import { faultElement, objectElement, scriptedTransport } from '../support/scripted-transport.ts'

function page(ids: readonly string[], next?: string): string {
  const machines = ids.map((id) => objectElement('VirtualMachine', id, { name: id }))
  return `<returnval>${next === undefined ? '' : `<token>${next}</token>`}${machines.join('')}</returnval>`
}

/** Looks at a vCenter that gives three machines in as many pages, and says what was asked. */
async function look(
  second: (attempt: number) => string,
): Promise<{ ids: readonly string[]; asked: readonly string[] }> {
  const asked: string[] = []
  let attempts = 0
  const transport = scriptedTransport(({ method, body }) => {
    if (!method.includes('RetrieveProperties')) return ''
    const token = /<token>(.*)<\/token>/.exec(body)?.[1]
    asked.push(token ?? 'first')
    if (token === undefined) return page(['vm-1'], 'second')
    return token === 'second' ? second((attempts += 1)) : page(['vm-3'])
  })
  await using driver = await connectVsphere({ transport })
  const { machines } = await driver.inventory({})
  return { ids: machines.map(({ id }) => id), asked }
}

const ALL = ['vm-1', 'vm-2', 'vm-3']

describe('an inventory that comes in pages', () => {
  it('is read to the last of them', async () => {
    const { ids, asked } = await look(() => page(['vm-2'], 'third'))
    expect(ids).toEqual(ALL)
    expect(asked).toEqual(['first', 'second', 'third'])
  })

  it('is read anew when a connection breaks in between: no page is given twice', async () => {
    const { ids, asked } = await look((attempt) => {
      if (attempt === 1) throw networkError(Object.assign(new Error(), { code: 'ECONNRESET' }), 'vCenter')
      return page(['vm-2'], 'third')
    })
    expect(ids).toEqual(ALL)
    expect(asked).toEqual(['first', 'second', 'first', 'second', 'third'])
  })

  it('is read anew when the session ends in between: the pages end with it', async () => {
    const answers = [faultElement('NotAuthenticated'), faultElement('InvalidArgument')]
    const { ids, asked } = await look(() => answers.shift() ?? page(['vm-2'], 'third'))
    expect(ids).toEqual(ALL)
    expect(asked).toEqual(['first', 'second', 'second', 'first', 'second', 'third'])
  })

  it('is refused when a page is, in a session that goes on', async () => {
    await expect(look(() => faultElement('InvalidArgument'))).rejects.toMatchObject({ code: 'ERR_INVALID_INPUT' })
  })
})
