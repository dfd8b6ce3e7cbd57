/** Takes a lease and has nothing more to do. */
import { openSqliteStore } from '../../../../src/sqlite-store/index.ts'

await openSqliteStore(process.argv[2] ?? '').acquire('run/1', { owner: 'child', ttlMs: 60_000 })
