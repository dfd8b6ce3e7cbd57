import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** What `npm run demo -- …` accepts. */
export interface DemoOptions {
  /** Holds everything that the demo leaves on disk. */
  readonly directory: string
  /** Whether the simulated data centre stays up at the end, for a look around. */
  readonly keep: boolean
  /** How slow the hypervisor is while the servers are replaced: 1 is a patient audience, 0 no waiting at all. */
  readonly pace: number
  /** Whether it takes place on real parts: a vCenter API and guests with a real `sshd` on this machine. */
  readonly vsphere: boolean
}

/** What `--help` prints, and what follows a mistake. */
export const USAGE = `Usage: npm run demo -- [--directory DIRECTORY] [--keep] [--pace FACTOR] [--vsphere]
  --directory DIRECTORY  where the store and the simulated data centre lie; default .state/demo
  --keep                 leaves the simulated data centre up at the end
  --pace FACTOR          how slow the hypervisor is: 1 by default, 0 without any waiting
  --vsphere              on real parts: a vCenter API, and guests over SSH (Linux, as root)`

/** The command line was not understood. */
export class UsageError extends Error {
  constructor(problem: string) {
    super(`${problem}\n${USAGE}`)
    this.name = 'UsageError'
  }
}

const DEFAULT_DIRECTORY = fileURLToPath(new URL('../../.state/demo', import.meta.url))

/** Reads the command line; throws a {@link UsageError}. */
export function readOptions(words: readonly string[]): DemoOptions {
  const { directory, keep, pace, vsphere } = readWords(words)
  const factor = Number(pace)
  if (pace === '' || !(factor >= 0)) throw new UsageError(`--pace must be a number from 0 on, not "${pace}".`)
  if (vsphere && keep)
    throw new UsageError('--keep is for the simulated data centre; npm run testbed keeps real parts up.')
  return { directory, keep, pace: factor, vsphere }
}

function readWords(
  words: readonly string[],
): Record<'directory' | 'pace', string> & Record<'keep' | 'vsphere', boolean> {
  try {
    return parseArgs({
      args: [...words],
      options: {
        directory: { type: 'string', default: DEFAULT_DIRECTORY },
        keep: { type: 'boolean', default: false },
        pace: { type: 'string', default: '1' },
        vsphere: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
