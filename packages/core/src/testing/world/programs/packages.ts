import { sha256 } from '../../../internal/sha256.ts'
import { findFile, putFile } from '../files.ts'
import type { Program, Programs } from './program.ts'

const LOG = '/var/log/packages.log'

/** Leaves traces that survive in every descendant: a line in a log, and a file named after the command. */
const manage: Program = ({ argv, system, out }) => {
  if (!argv.some((word) => word === 'upgrade' || word === 'install' || word === 'update')) return 0
  const line = argv.join(' ')
  const log = findFile(system.files, LOG)
  const before = log === undefined ? '' : new TextDecoder().decode(log.bytes)
  putFile(system.files, LOG, system.file(`${before}${line}\n`))
  putFile(system.files, `/var/lib/packages/${sha256(line).slice(0, 12)}`, system.file(`${line}\n`))
  out('Complete!\n')
  return 0
}

/** Package managers. */
export const packagePrograms: Programs = { dnf: manage, 'apt-get': manage }
