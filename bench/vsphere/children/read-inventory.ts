// Reads the whole inventory of a vCenter and prints how many machines there are and how much memory that took.
import { readFileSync } from 'node:fs'
import { connectVsphere } from '@vmunit/driver-vsphere'
import { connectionOf } from '../connection.ts'

const driver = await connectVsphere({
  ...connectionOf(process.env),
  ca: readFileSync(process.env['VCENTER_CA_FILE'] ?? ''),
})
const { machines } = await driver.inventory({})
process.stdout.write(JSON.stringify({ machines: machines.length, peakKilobytes: process.resourceUsage().maxRSS }))
await driver.close()
