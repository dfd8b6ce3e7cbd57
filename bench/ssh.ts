import { existsSync } from 'node:fs'
import type { Report } from './report.ts'
import { startGuests } from './ssh/guests.ts'
import { measureOneCommand } from './ssh/one-command.ts'
import { installPeers } from './ssh/peer-tools.ts'
import { measurePush } from './ssh/push.ts'

const GUESTS = 100
const GUESTS_TO_PUSH_TO = 10

/** Commands and directories over SSH to real guests, beside OpenSSH, ansible, rsync and scp. Needs root. */
export async function run(report: Report): Promise<void> {
  const built = new URL('../packages/driver-ssh/dist/index.js', import.meta.url)
  if (!existsSync(built)) throw new Error('There is no build of @vmunit/driver-ssh: run npm run build first.')
  installPeers()
  await using bench = await startGuests(GUESTS)
  await measureOneCommand(bench, report)
  await measurePush(bench, bench.guests.slice(0, GUESTS_TO_PUSH_TO), report)
}
