import { Worker } from 'node:worker_threads'
import { VmunitError } from '../errors/index.ts'
import type { Connection } from './connection.ts'
import { createLeaseRenewer, type LeaseRenewer, type LostLease } from './lease-renewer.ts'
import type { FromLeaseWorker, ToLeaseWorker } from './lease-worker.ts'
import { IN_MEMORY } from './open-database.ts'

/** Has leases renewed off the event loop. */
export interface LeaseKeeper extends Pick<LeaseRenewer, 'hold' | 'drop'> {
  /** Resolves when leases can be renewed: before one is taken, so that it does not expire before the thread runs. */
  ready(): Promise<void>
  stop(): Promise<void>
}

/** What became of the leases: one was lost, or nobody renews any of them any more. */
export interface LeaseReports {
  onLost(lost: LostLease): void
  onBroken(cause: unknown): void
}

/** One worker thread per store, begun with its first lease; a store in memory can only be renewed by its own thread. */
export function createLeaseKeeper({ database, path }: Connection, reports: LeaseReports): LeaseKeeper {
  if (path !== IN_MEMORY) return keepInWorker(path, reports)
  const renewer = createLeaseRenewer(database, reports.onLost)
  return { ...renewer, ready: async () => {}, stop: async () => renewer.stop() }
}

interface Running {
  readonly worker: Worker
  readonly ready: Promise<void>
}

function keepInWorker(path: string, reports: LeaseReports): LeaseKeeper {
  let running: Running | undefined

  function start(): Running {
    // Beside this file, as source and as built code alike.
    const file = import.meta.url.endsWith('.ts') ? './lease-worker.ts' : './lease-worker.js'
    const worker = new Worker(new URL(file, import.meta.url), { workerData: path, name: 'vmunit leases' })
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
    // Nobody may be waiting for it any more; the leases are told in any case.
    ready.catch(() => {})
    worker.on('message', (message: FromLeaseWorker) => {
      if (message.type === 'lost') {
        reports.onLost(message.lost)
        return
      }
      // Only now, and not while it ends: somebody waits for both.
      if (running?.worker === worker) worker.unref()
      resolve()
    })
    worker.on('error', (cause) => {
      running = undefined
      reject(new VmunitError('ERR_INTERNAL', `The thread that renews the leases of ${path} has ended.`, { cause }))
      reports.onBroken(cause)
    })
    return { worker, ready }
  }

  function send(message: ToLeaseWorker): void {
    running?.worker.postMessage(message)
  }

  return {
    ready: async () => {
      running ??= start()
      await running.ready
    },
    hold: (renewal) => {
      running ??= start()
      send({ type: 'hold', renewal })
    },
    drop: ({ key, token }) => send({ type: 'drop', key, token }),
    stop: async () => {
      if (running === undefined) return
      const { worker } = running
      running = undefined
      const ended = new Promise((resolve) => worker.once('exit', resolve))
      worker.ref()
      worker.postMessage({ type: 'stop' } satisfies ToLeaseWorker)
      await ended
    },
  }
}
