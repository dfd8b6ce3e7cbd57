// As read-inventory.mjs, for four properties. The driver has no such call, so this is bundled with the parts of it.
import { readFileSync } from 'node:fs'
import { createHttpsTransport } from '../../../packages/driver-vsphere/src/transport/https-transport.ts'
import { readFourProperties } from '../read-properties.ts'

const { VCENTER_URL = '', VCENTER_CA_FILE = '', VCENTER_USERNAME = '', VCENTER_PASSWORD = '' } = process.env
const transport = createHttpsTransport({
  url: new URL(VCENTER_URL),
  trust: { by: 'authority', ca: readFileSync(VCENTER_CA_FILE) },
  connections: 64,
  maxAnswerBytes: 256 * 1024 * 1024,
})
const credentials = { username: VCENTER_USERNAME, password: VCENTER_PASSWORD }
const machines = await readFourProperties({ transport, credentials })
process.stdout.write(JSON.stringify({ machines, peakKilobytes: process.resourceUsage().maxRSS }))
