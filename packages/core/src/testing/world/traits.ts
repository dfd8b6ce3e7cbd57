import type { WorldMethod } from './calls.ts'
import type { WorldLatency } from './options.ts'

/** What is true of every call of one name. */
export interface CallTraits {
  readonly mutating: boolean
  /** Absent: the call lets its own time pass, or takes none. */
  readonly latency?: keyof WorldLatency | undefined
  /** Which argument is an operation id by itself. */
  readonly operationIdAt?: number | undefined
  /** Which argument is the subject, where it is not the first name. */
  readonly subjectAt?: number | undefined
  /** Reading the truth leaves no line in the log. */
  readonly silent?: true | undefined
}

const job = { operationIdAt: 1 } as const
const member = { subjectAt: 1 } as const
const look: CallTraits = { mutating: false, latency: 'look' }
const probe: CallTraits = { mutating: false, latency: 'exec' }
const adopt: CallTraits = { mutating: true, latency: 'adopt' }
const remove: CallTraits = { mutating: true, latency: 'remove' }
const balance: CallTraits = { mutating: true, latency: 'balancer' }
const byHand: CallTraits = { mutating: true }
const truth: CallTraits = { mutating: false, silent: true }

/** The traits of every call. */
export const TRAITS: Readonly<Record<WorldMethod, CallTraits>> = {
  'hypervisor.inventory': look,
  'hypervisor.created': look,
  'hypervisor.create': { mutating: true },
  'hypervisor.adopt': adopt,
  'hypervisor.release': adopt,
  'hypervisor.power': { mutating: true, latency: 'power' },
  'hypervisor.remove': remove,
  'hypervisor.readdress': adopt,
  'hypervisor.diagnostics': look,
  'hypervisor.images.list': look,
  'hypervisor.images.published': look,
  'hypervisor.images.publish': { mutating: true },
  'hypervisor.images.remove': remove,
  'guests.open': probe,
  'guests.exec': probe,
  'guests.startJob': { mutating: true, latency: 'exec', ...job },
  'guests.job': { ...probe, ...job },
  'guests.stopJob': { mutating: true, latency: 'exec', ...job },
  'guests.missing': { mutating: false },
  'guests.push': { mutating: true, latency: 'push' },
  'guests.pushed': probe,
  'guests.pull': { mutating: false, latency: 'push' },
  'guests.bootId': probe,
  'balancer.ensurePool': balance,
  'balancer.removePool': balance,
  'balancer.ensureMember': balance,
  'balancer.removeMember': { ...balance, ...member },
  'balancer.traffic': { ...balance, ...member },
  'balancer.members': { mutating: false, latency: 'balancer' },
  'addresses.reserve': { mutating: true, ...job },
  'addresses.release': { mutating: true, ...job },
  'admin.addImage': byHand,
  'admin.addMachine': byHand,
  'admin.cloneMachine': byHand,
  'admin.setPower': byHand,
  'admin.removeMachine': byHand,
  'admin.setMarkerReadable': byHand,
  'admin.setConnections': byHand,
  'admin.writeFile': byHand,
  'admin.readFile': truth,
  'admin.files': truth,
  'admin.machines': truth,
  'admin.images': truth,
  'admin.pools': truth,
  'admin.faults': byHand,
  'admin.holdCreations': byHand,
  'admin.blind': byHand,
  'admin.log': truth,
  'admin.saved': truth,
}
