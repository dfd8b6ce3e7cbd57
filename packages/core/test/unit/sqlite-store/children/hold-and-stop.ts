/** Takes a lease and stops itself in the middle of a transaction, or goes on in it. */
import { writeSync } from 'node:fs'
import { openSqliteStore } from '../../../../src/sqlite-store/index.ts'
import { openRawDatabase } from '../../../support/raw-database.ts'

const [path = '', ttlMs = '', how = 'stop'] = process.argv.slice(2)
await openSqliteStore(path).acquire('run/1', { owner: 'child', ttlMs: Number(ttlMs) })
const database = openRawDatabase(path)
database.exec('BEGIN IMMEDIATE')
writeSync(1, 'locked\n')
if (how === 'stop') process.kill(process.pid, 'SIGSTOP')
// Goes on until it is ended.
setInterval(() => database.isOpen, 1_000)
