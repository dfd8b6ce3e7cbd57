import type { Program, Programs } from './program.ts'

const powerOff: Program = ({ system }) => {
  system.powerOff()
  return 0
}

const reboot: Program = ({ system }) => {
  system.reboot()
  return 0
}

/** Programs that end the boot they run in, and themselves with it. */
export const powerPrograms: Programs = { reboot, poweroff: powerOff, shutdown: powerOff }
