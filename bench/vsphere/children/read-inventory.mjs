// Reads the whole inventory of a vCenter and prints how many machines there are and how much memory that took.
import { readFileSync } from 'node:fs'
import { connectVsphere } from '@vmunit/driver-vsphere'

const { VCENTER_URL: url = '', VCENTER_USERNAME: username = '', VCENTER_PASSWORD: password = '' } = process.env
const ca = readFileSync(process.env['VCENTER_CA_FILE'] ?? '')
const driver = await connectVsphere({ url, username, password, ca })
const { machines } = await driver.inventory({})
process.stdout.write(JSON.stringify({ machines: machines.length, peakKilobytes: process.resourceUsage().maxRSS }))
await driver.close()
