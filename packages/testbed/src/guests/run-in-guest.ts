import { type ProgramResult, type RunProgramOptions, runProgram } from '../processes/run-program.ts'
import type { MountedDisk } from './disks.ts'
import type { Keeper } from './keeper.ts'
import { LESS_PRIVILEGES } from './less-privileges.ts'

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
}

/** Runs a program in a guest that is on, as its root, from outside: no `sshd` is involved. */
export async function runInGuest(
  pid: number,
  argv: readonly string[],
  options: RunProgramOptions = {},
): Promise<ProgramResult> {
  const enter = [
    ...LESS_PRIVILEGES,
    'nsenter',
    '--target',
    String(pid),
    '--mount',
    '--pid',
    '--uts',
    '--root',
    '--wd',
    '--',
  ] as const
  return await runProgram([...enter, ...argv], { ...options, environment: ENVIRONMENT })
}

/** A disk, and where it is. */
export interface DiskInKeeper {
  readonly keeper: Keeper
  readonly id: string
  readonly disk: MountedDisk
}

const ON_DISK = `set -e
cd "$1"
mount -t overlay -o "lowerdir=$3,upperdir=layers/$4,workdir=work/$4,redirect_dir=on" overlay "guests/$2/root"
cd "guests/$2/root"
shift 4
exec chroot . "$@"`

/** Runs a program on the disk of a guest that is off: nothing of the guest itself runs. */
export async function runOnDisk(
  { keeper, id, disk }: DiskInKeeper,
  argv: readonly string[],
  options: RunProgramOptions = {},
): Promise<ProgramResult> {
  const target = ['--target', String(keeper.process.pid), '--mount', '--pid']
  const script = ['sh', '-c', ON_DISK, 'disk', keeper.disks, id, disk.lower, disk.upper]
  const unshare = ['unshare', '--mount', '--propagation', 'private', '--']
  return await runProgram([...LESS_PRIVILEGES, 'nsenter', ...target, '--', ...unshare, ...script, ...argv], {
    ...options,
    environment: ENVIRONMENT,
  })
}
