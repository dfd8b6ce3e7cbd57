import { findFile } from '../files.ts'
import type { Programs } from './program.ts'

const INACTIVE = 3

/** `systemctl`. A service starts unless the guest has a file `/etc/NAME.broken`; nothing starts by itself. */
export const servicePrograms: Programs = {
  systemctl: ({ argv: [, verb, name = ''], system, out, err }) => {
    const active = system.services.has(name)
    switch (verb) {
      case 'start':
        if (active) return 0
        break
      case 'restart':
        system.setService(name, false)
        break
      case 'stop':
        system.setService(name, false)
        return 0
      case 'is-active':
        out(active ? 'active\n' : 'inactive\n')
        return active ? 0 : INACTIVE
      default:
        err(`systemctl: unknown command ${verb ?? ''}\n`)
        return 1
    }
    if (name === '' || findFile(system.files, `/etc/${name}.broken`) !== undefined) {
      err(`systemctl: ${name} failed to start\n`)
      return 1
    }
    system.setService(name, true)
    return 0
  },
}
