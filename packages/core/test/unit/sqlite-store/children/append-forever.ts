/** Commits to many runs and a document at once until it is killed; says what is durable. */
import { openSqliteStore } from '../../../../src/sqlite-store/index.ts'

const store = openSqliteStore(process.argv[2] ?? '')
const lease = await store.acquire('crash', { owner: 'child', ttlMs: 60_000 })

async function append(run: string): Promise<void> {
  for (let seq = 1; ; seq += 1) {
    await store.commit({
      lease,
      append: [{ run, seq, type: 'note', data: { text: 'x'.repeat(seq % 300) } }],
      put: [{ key: `doc/${run}`, revision: seq - 1, value: seq }],
    })
    console.log(`${run} ${seq}`)
  }
}

await Promise.all(Array.from({ length: 16 }, async (_, index) => await append(`run-${index}`)))
