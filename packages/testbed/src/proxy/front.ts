import { cloneHandler } from './clone-handler.ts'
import { type Creations, createCreations } from './creations.ts'
import type { Exchange } from './exchange.ts'
import type { Gaps } from './gaps.ts'
import { guarded } from './guard.ts'
import { createHostLoss, type HostLoss } from './host-loss.ts'
import { createLimits, type Limits } from './limits.ts'
import { type GuestPower, machineHandlers } from './machine-handlers.ts'
import type { Platform } from './platform.ts'
import { retryReading } from './retry-reading.ts'
import { rewriteProperties } from './rewrite.ts'
import { callBody, envelope, type Reference } from './soap.ts'
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
  interrupt(): Promise<void>
  /** Logs a session out of vcsim. */
  endSession(cookie: string): Promise<void>
}

const reads = /^(?:RetrieveProperties(?:Ex)?|ContinueRetrievePropertiesEx)$/

export function createFront(options: FrontOptions): Front {
  const { upstream, platform } = options
  const views = createViews()
  let guestPower: GuestPower | undefined
  const streams = createUpdateStreams({ upstream, views, settled: async () => await creations.settled() })
  const { announce } = streams
  const creations = createCreations({ views, announce, durationMs: options.cloneMs })
  const hosts = createHostLoss({ direct: platform.direct, views, announce })
  const limits = createLimits()
  const gaps: Gaps = { ...options, views, creations, hosts, limits }
  const handlers = [streams.handle, cloneHandler(gaps), ...machineHandlers(gaps, () => guestPower)]

  const answer = guarded(gaps, async (exchange) => {
    for (const handler of handlers) {
      const handled = handler(exchange)
      if (handled !== undefined) return await handled
    }
    const { signal, bytes, headers, request } = exchange
    const send = async (): Promise<Answer> => await upstream.send(bytes, headers, signal)
    const given = await retryReading(request.method, send, signal)
    if (given.status !== 200 || !reads.test(request.method)) return given
    await creations.settled()
    return views.isEmpty() ? given : { ...given, body: rewriteProperties(await textOfAnswer(given), views) }
  })

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
      const manager = (await platform.direct.content()).get('sessionManager')
      if (manager === undefined) return
      await textOfAnswer(await upstream.send(envelope(callBody('Logout', manager, '')), { cookie }))
    },
  }
}
