// Starts a plan, or resumes what an earlier process left, and prints a line for each journal record:
// node move-run.ts <connection file> <database> [<plan file>]
import { readFile } from 'node:fs/promises'
import { createManager, type Plan } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { openPorts, type SiteConnection } from '../site/ports.ts'
import { TIMING } from '../support/timing.ts'

const [connection = '', database = '', planFile] = process.argv.slice(2)
const reached = JSON.parse(await readFile(connection, 'utf8')) as SiteConnection
await using ports = await openPorts(reached)
await using store = openSqliteStore(database)
await using manager = createManager({
  ...ports,
  id: reached.type,
  store,
  principal: { name: 'user_a', role: 'builder' },
  timing: TIMING,
})
const runs =
  planFile === undefined
    ? await manager.resume()
    : [await manager.start(JSON.parse(await readFile(planFile, 'utf8')) as Plan)]
for (const run of runs) {
  for await (const { seq, type } of run.events()) process.stdout.write(`${seq} ${type}\n`)
  await run.result()
}
