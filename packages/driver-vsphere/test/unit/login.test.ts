import { afterEach, describe, expect, it, vi } from 'vitest'
import { createLogin } from '../../src/session/login.ts'
import { faultElement, scriptedTransport } from '../support/scripted-transport.ts'

afterEach(() => void vi.useRealTimers())

const REFUSED = { code: 'ERR_UNAUTHENTICATED', details: { fault: 'InvalidLogin' } }

/** A login to a vCenter that knows one password and notes all that it is shown. */
function loginWith(password: () => string): { login: ReturnType<typeof createLogin>; shown: readonly string[] } {
  const shown: string[] = []
  const { session: _, ...transport } = scriptedTransport(({ method, body }) => {
    if (method !== 'Login') return ''
    const given = /<password>(.*)<\/password>/.exec(body)?.[1] ?? ''
    shown.push(given)
    return given === 'right' ? '<returnval><key>1</key></returnval>' : faultElement('InvalidLogin')
  })
  return { login: createLogin({ transport, credentials: { username: 'vmunit', password }, timeoutMs: 1_000 }), shown }
}

describe('a password that was refused', () => {
  it('is sent once more and then not for a while, so that many who ask do not lock the account', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { login, shown } = loginWith(() => 'wrong')
    for (let index = 0; index < 10; index += 1) await expect(login.open()).rejects.toMatchObject(REFUSED)
    expect(shown).toEqual(['wrong', 'wrong'])
    vi.advanceTimersByTime(120_000)
    await expect(login.open()).rejects.toMatchObject(REFUSED)
    expect(shown).toEqual(['wrong', 'wrong', 'wrong'])
  })

  it('gives way to another one at once', async () => {
    const passwords = ['wrong', 'right']
    const { login, shown } = loginWith(() => passwords.shift() ?? '')
    await expect(login.open()).rejects.toMatchObject(REFUSED)
    await login.open()
    expect(shown).toEqual(['wrong', 'right'])
  })
})
