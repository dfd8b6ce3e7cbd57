import { VmunitError } from '../../errors/vmunit-error.ts'
import type { Command, GuestTarget } from '../../ports/guest-access.ts'
import { restart, switchOff } from './power.ts'
import { type RunningProcess, startProcess } from './process.ts'
import type { GuestSystem } from './programs/program.ts'
import { sampleServing } from './serving.ts'
import type { MachineRecord, WorldState } from './state.ts'

/** The machine that answers at an address and proves one of the keys that are expected. */
export function reach(state: WorldState, target: GuestTarget): MachineRecord {
  const { address, hostKeys, refusedHostKeys = [] } = target
  const machine = state.machines.get(state.addresses.get(address) ?? '')
  if (machine === undefined) throw unreachable(address)
  const details = { address, shown: machine.hostKey, expected: [...hostKeys] }
  if (refusedHostKeys.includes(machine.hostKey)) {
    const message = `The guest at ${address} shows the host key of its image: let it make its own at its first boot.`
    throw new VmunitError('ERR_HOST_KEY_REUSED', message, { details })
  }
  if (hostKeys.includes(machine.hostKey)) return machine
  if (hostKeys.length > 0) {
    const message = `The guest at ${address} did not prove a host key that is expected of it.`
    throw new VmunitError('ERR_HOST_KEY', message, { details })
  }
  const message = `No host key of the guest at ${address} is known yet: the hypervisor must tell it.`
  throw new VmunitError('ERR_HOST_KEY', message, { retryable: true, details })
}

/** The error of a guest that does not answer. */
export function unreachable(address: string): VmunitError {
  const message = `No guest answers at ${address}: check that its machine is on.`
  return new VmunitError('ERR_UNAVAILABLE', message, { retryable: true, details: { address } })
}

/** Starts a command in a machine; it dies with the machine's power. */
export function startIn(state: WorldState, machine: MachineRecord, command: Command): RunningProcess {
  const process = startProcess(systemOf(state, machine), command, state.clock)
  machine.processes.add(process)
  const forget = (): void => void machine.processes.delete(process)
  process.result.then(forget, forget)
  return process
}

/** `ERR_INVALID_INPUT` for what no program can be given. */
export function checkCommand({ argv, environment = {} }: Command): void {
  const words = [...argv, ...Object.entries(environment).flat()]
  if (!words.some((word) => (typeof word === 'string' ? word.includes('\0') : word.includes(0)))) return
  const message = 'A command and its environment must not contain NUL: leave it out.'
  throw new VmunitError('ERR_INVALID_INPUT', message, { details: { program: argv[0] } })
}

function systemOf(state: WorldState, machine: MachineRecord): GuestSystem {
  return {
    hostname: machine.name,
    files: machine.files,
    services: machine.services,
    file: state.blobs.file,
    setService(name, active) {
      if (active) machine.services.add(name)
      else machine.services.delete(name)
      sampleServing(state, machine)
    },
    reboot: () => restart(state, machine),
    powerOff: () => switchOff(state, machine),
  }
}
