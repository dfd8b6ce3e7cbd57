import { cloneHandler } from './clone-handler.ts'
import { type Creations, createCreations } from './creations.ts'
import type { Exchange } from './exchange.ts'
import type { Gaps } from './gaps.ts'
import { guarded } from './guard.ts'
import { createHostLoss, type HostLoss } from './host-loss.ts'
import { createLimits, type Limits } from './limits.ts'
import { type GuestPower, machineHandlers } from './machine-handlers.ts'
import { isReading } from './methods.ts'
import type { Platform } from './platform.ts'
import { retryReading } from './retry-reading.ts'
import { rewriteProperties } from './rewrite.ts'
import { callBody, envelope, type Reference } from './soap.ts'
import { passForClient } from './task-answer.ts'
import { createUpdateStreams } from './update-streams.ts'
import { type Answer, textOfAnswer, type Upstream } from './upstream.ts'
import { createViews } from './views.ts'

export interface FrontOptions {
  readonly upstream: Upstream
  readonly platform: Platform
  readonly networks: readonly string[]
  readonly folder: Reference
  readonly isEsx: boolean
  /** How long clones take. */
  readonly cloneMs: number
}

/** What clients meet: vcsim, made to behave as vCenter does, and as slowly. */
export interface Front {
  answer(exchange: Exchange): Promise<Answer>
  readonly creations: Creations
  readonly hosts: HostLoss
  readonly limits: Limits
  setGuestPower(power: GuestPower | undefined): void
  /** Ends every wait for updates. */
  interrupt(): void
  /** Logs a session out of vcsim. */
  endSession(cookie: string): Promise<void>
}

/** What vcsim looks for by name. */
const finds = /^Find(?:Child|ByInventoryPath)$/
const reads = /^(?:RetrieveProperties(?:Ex)?|ContinueRetrievePropertiesEx)$/

export function createFront(options: FrontOptions): Front {
  const { upstream, platform } = options
  const { direct, turns } = platform
  const views = createViews()
  let guestPower: GuestPower | undefined
  const streams = createUpdateStreams({ upstream, views, turns, settled: async () => await creations.settled() })
  const creations = createCreations({ views, turns, durationMs: options.cloneMs })
  const hosts = createHostLoss({ direct, views, turns })
  const limits = createLimits()
  const gaps: Gaps = { ...options, views, creations, hosts, limits }
  const handlers = [streams.handle, cloneHandler(gaps), ...machineHandlers(gaps, () => guestPower)]

  const respond = guarded(gaps, async (exchange) => {
    for (const handler of handlers) {
      const handled = handler(exchange)
      if (handled !== undefined) return await handled
    }
    const { signal, bytes, headers, request } = exchange
    if (request.method.endsWith('_Task')) return await passForClient(exchange, { upstream, direct })
    const send = async (): Promise<Answer> => await upstream.send(bytes, headers, signal)
    const ask = async (): Promise<Answer> => await retryReading(request.method, send, signal)
    const given = finds.test(request.method) ? await platform.alone(ask) : await ask()
    if (given.status !== 200 || !reads.test(request.method)) return given
    await creations.settled()
    return views.isEmpty() ? given : { ...given, body: rewriteProperties(await textOfAnswer(given), views) }
  })

  /** Who only looks needs no turn; who waits for updates takes one whenever vcsim is asked. */
  const answer = async (exchange: Exchange): Promise<Answer> =>
    isReading(exchange.request.method)
      ? await respond(exchange)
      : await turns.change(async () => await respond(exchange))

  return {
    answer,
    creations,
    hosts,
    limits,
    setGuestPower: (power) => {
      guestPower = power
    },
    interrupt: streams.interrupt,
    endSession: async (cookie) => {
      const manager = (await direct.content()).get('sessionManager')
      if (manager === undefined) return
      const body = envelope(callBody('Logout', manager, ''))
      await turns.change(async () => await textOfAnswer(await upstream.send(body, { cookie })))
    },
  }
}
