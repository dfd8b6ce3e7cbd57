/** Takes a lease, then tries a commit with it at each line of input, and says how that went. */
import { createInterface } from 'node:readline'
import { openSqliteStore } from '../../../../src/sqlite-store/index.ts'

const [path = '', ttlMs = ''] = process.argv.slice(2)
const store = openSqliteStore(path)
const lease = await store.acquire('run/1', { owner: `child ${process.pid}`, ttlMs: Number(ttlMs) })
lease.lost.addEventListener('abort', () => {})
console.log(`held ${lease.token}`)

let seq = 0
for await (const _line of createInterface({ input: process.stdin })) {
  const isHeld = lease.isHeld()
  const answer = await store.commit({ lease, append: [{ run: 'run/1', seq: seq + 1, type: 'note', data: null }] }).then(
    () => 'committed',
    (error) => error.code,
  )
  if (answer === 'committed') seq += 1
  console.log(`${isHeld} ${answer}`)
}
