/** Stops itself in the middle of a transaction. */
import { writeSync } from 'node:fs'
import { openRawDatabase } from '../../../support/raw-database.ts'

const database = openRawDatabase(process.argv[2] ?? '')
database.exec('BEGIN IMMEDIATE')
writeSync(1, 'locked\n')
process.kill(process.pid, 'SIGSTOP')
