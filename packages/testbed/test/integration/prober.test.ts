import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { startProber } from '../../src/index.ts'

const PORT = 18_765
const servers: Server[] = []

async function serve(address: string, statusCode = 200): Promise<Server> {
  const server = createServer((_, response) => void response.writeHead(statusCode).end('served'))
  server.listen(PORT, address)
  await once(server, 'listening')
  servers.push(server)
  return server
}

async function end(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

/** Waits until the service at an address was asked so often. */
async function asked(server: Server, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) await once(server, 'request')
}

describe('a prober', () => {
  afterEach(async () => {
    for (const server of servers.splice(0)) if (server.listening) await end(server)
  })

  const groups = [
    { name: 'one', addresses: ['127.77.250.1'] },
    { name: 'two', addresses: ['127.77.250.2', '127.77.250.3'] },
  ]

  it('sees all groups serve while every address answers', async () => {
    await serve('127.77.250.1')
    await serve('127.77.250.2')
    const last = await serve('127.77.250.3')
    await using prober = startProber({ groups, port: PORT, intervalMs: 10 })
    await asked(last, 5)
    const report = await prober.stop()
    expect(report.rounds).toBeGreaterThanOrEqual(5)
    expect(report).toMatchObject({ fewest: 2, missed: new Map() })
  })

  it('notices a group of which one address did not answer for a moment', async () => {
    const first = await serve('127.77.250.1')
    await serve('127.77.250.2')
    const third = await serve('127.77.250.3')
    await using prober = startProber({ groups, port: PORT, intervalMs: 10 })
    await asked(third, 2)
    await end(third)
    await asked(first, 3)
    await serve('127.77.250.3')
    await asked(first, 2)
    const report = await prober.stop()
    expect(report.fewest).toBe(1)
    expect([...report.missed.keys()]).toEqual(['two'])
    expect(report.missed.get('two')).toBeLessThan(report.rounds)
  })

  it('is content with any of the places where a service may be, and notices when none of them answers', async () => {
    const first = await serve('127.77.250.1')
    const moving = [{ name: 'one', addresses: [['127.77.250.1', '127.77.250.2']] }]
    await using prober = startProber({ groups: moving, port: PORT, intervalMs: 10 })
    await asked(first, 2)
    const second = await serve('127.77.250.2')
    await asked(second, 2)
    await end(first)
    await asked(second, 2)
    expect(await prober.stop()).toMatchObject({ fewest: 1, missed: new Map() })
    await end(second)
    await using later = startProber({ groups: moving, port: PORT, intervalMs: 10 })
    expect(await later.stop()).toMatchObject({ fewest: 0 })
  })

  it('takes an answer that is no success for none', async () => {
    await serve('127.77.250.1', 503)
    await serve('127.77.250.2')
    await serve('127.77.250.3')
    await using prober = startProber({ groups, port: PORT, intervalMs: 10 })
    expect(await prober.stop()).toMatchObject({ fewest: 1 })
  })
})
