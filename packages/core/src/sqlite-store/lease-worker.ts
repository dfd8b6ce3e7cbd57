import { parentPort, workerData } from 'node:worker_threads'
import { connect } from './connect.ts'
import { createLeaseRenewer, type LostLease, type Renewal } from './lease-renewer.ts'

/** What the main thread tells the worker. */
export type ToLeaseWorker =
  | { readonly type: 'hold'; readonly renewal: Renewal }
  | { readonly type: 'drop'; readonly key: string; readonly token: number }
  | { readonly type: 'stop' }

/** What the worker tells the main thread. */
export type FromLeaseWorker = { readonly type: 'ready' } | { readonly type: 'lost'; readonly lost: LostLease }

const database = connect(String(workerData))
const renewer = createLeaseRenewer(database, (lost) => tell({ type: 'lost', lost }))

parentPort?.on('message', (message: ToLeaseWorker) => {
  switch (message.type) {
    case 'hold':
      renewer.hold(message.renewal)
      break
    case 'drop':
      renewer.drop(message)
      break
    case 'stop':
      renewer.stop()
      database.close()
      parentPort?.close()
      break
  }
})
tell({ type: 'ready' })

function tell(message: FromLeaseWorker): void {
  parentPort?.postMessage(message)
}
