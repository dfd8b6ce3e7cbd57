import { openSync } from 'node:fs'
import { createSyslogNotifier } from '../../../src/index.ts'
import { NOTICE } from '../../support/notice.ts'

// Notifies once as usual, and once when the process may open nothing any more.
const syslog = createSyslogNotifier({ host: '127.0.0.1', port: 9, transport: 'udp' })
await syslog.notify(NOTICE)
try {
  for (;;) openSync('/dev/null', 'r')
} catch {
  await syslog.notify(NOTICE).catch((error: { code: string }) => process.stdout.write(error.code))
}
