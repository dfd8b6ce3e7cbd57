import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Notice, requestResources } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createMailNotifier } from '../../src/index.ts'
import { closed, listen } from '../support/listen.ts'
import { openMailRoom } from '../support/mail-server.ts'
import { createSmallFleet } from '../support/small-fleet.ts'

const DAY = 86_400_000

describe('a request to the resource manager', () => {
  it('goes out by mail; the id in the mail is what is answered, and the run goes on', async () => {
    await using fleet = await createSmallFleet()
    await using room = await openMailRoom()
    const { manager, administrator } = fleet
    const request = { kind: 'patchServer', template: 'web-base', version: 1 } as const
    const from = Date.UTC(2026, 11, 1)
    const letter = await manager.plan(requestResources, { request, from, until: Date.now() + 30 * DAY, by: 'person' })
    const run = await manager.start(letter)

    const stop = new AbortController()
    const mail = createMailNotifier({
      server: { host: 'localhost', port: room.port, ca: room.certificate.cert },
      from: 'vmunit@example.com',
      to: ['resources@example.com'],
    })
    const options = { topics: ['request'], follow: true, signal: stop.signal } as const
    const delivering = administrator.notices.deliver('resources', mail, options).catch((error: unknown) => error)
    await room.arrived(1)
    const message = (room.mails[0]?.message ?? '').replaceAll('=\r\n', '').replaceAll('=3D', '=')
    expect(message).toContain('To: resources@example.com')
    expect(message).toContain('Provide a server for patching template web-base')
    expect(message).toContain('From:  2026-12-01T00:00:00.000Z')
    const [, id = ''] = /^Request: (\S+)/m.exec(message) ?? []
    await manager.answer(id, { approve: true, content: { address: '192.168.1.200' } })
    expect((await run.result()).provided).toEqual({ address: '192.168.1.200' })
    stop.abort(new Error('enough'))
    expect(await delivering).toMatchObject({ message: 'enough' })
    expect(room.mails).toHaveLength(1)
  })
})

describe('delivery by a process that is killed', () => {
  it('goes on where it stood: every notice arrives, in order, and at most the last one twice', async () => {
    await using fleet = await createSmallFleet()
    const { manager } = fleet
    const request = { kind: 'patchServer', template: 'web-base', version: 1 } as const
    for (let count = 0; count < 6; count += 1) {
      const period = { from: Date.now(), until: Date.now() + DAY }
      const run = await manager.start(await manager.plan(requestResources, { request, ...period, by: 'person' }))
      while ((await manager.requests.list()).length === 0) await setImmediate()
      await run.cancel(`number ${count}`)
    }
    const received: Notice[] = []
    const arrived: (() => void)[] = []
    const server = createServer((incoming, response) => {
      void json(incoming).then((notice) => {
        received.push(notice as Notice)
        // The fifth gets no answer: its process is killed while it waits.
        if (received.length !== 5) response.writeHead(204).end()
        for (const wake of arrived.splice(0)) wake()
      })
    })
    const url = `http://127.0.0.1:${await listen(server)}/`
    const script = fileURLToPath(new URL('children/deliver.ts', import.meta.url))
    const begin = () => fork(script, [fleet.storePath, url], { execArgv: ['--conditions=@vmunit/source'] })

    const first = begin()
    const ended = once(first, 'exit')
    while (received.length < 5) await new Promise<void>((resolve) => arrived.push(resolve))
    first.kill('SIGKILL')
    await ended
    // The lease of the killed one expires first.
    for (let code = -1; code !== 0; ) {
      const [exit] = (await once(begin(), 'exit')) as [number]
      code = exit
    }
    server.closeAllConnections()
    await closed(server)

    const ids = received.map(({ id }) => id)
    expect(ids[5], 'the one without an answer comes again').toBe(ids[4])
    const unique = ids.filter((id, index) => ids.indexOf(id) === index)
    expect(unique).toHaveLength(12)
    expect(ids).toHaveLength(13)
    const times = received.map(({ time }) => time)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })
})
