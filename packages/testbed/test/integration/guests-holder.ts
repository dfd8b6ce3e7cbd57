import { once } from 'node:events'
import { identifyProcess } from '../../src/processes/process-identity.ts'
import { openLab } from './guests-support.ts'

// A process that holds guests until its standard input ends, or until it is killed.
await using lab = await openLab()
const { host, instance } = lab
await Promise.all([1, 2].map(async (n) => await host.start(`vm-${n}`, lab.settings(n))))
const guests = host.list().map(({ pid }) => identifyProcess(pid ?? 0))
process.stdout.write(
  `${JSON.stringify({ keeper: host.keeper.process, guests, number: instance.number, directory: instance.directory })}\n`,
)
process.stdin.resume()
await once(process.stdin, 'end')
