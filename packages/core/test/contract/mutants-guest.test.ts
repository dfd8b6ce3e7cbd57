import { isVmunitError, VmunitError } from '../../src/errors/index.ts'
import { sha256 } from '../../src/internal/sha256.ts'
import type { Guest, GuestAccess, Tree, TreeFile } from '../../src/ports/index.ts'
import { GUEST_RULES, type GuestLab } from '../../src/testing/index.ts'
import { type Mutant, testMutants } from './labs/test-mutants.ts'
import { openWorldGuestLab } from './labs/world-guest-lab.ts'

type Change = (good: Guest) => Partial<Guest>

/** The same lab, in which every connection has another version of some calls. */
function changed(lab: GuestLab, change: Change): GuestLab {
  return changedAccess(lab, (good) => ({
    open: async (target, call) => {
      const guest = await good.open(target, call)
      return { ...guest, ...change(guest) }
    },
  }))
}

function changedAccess(lab: GuestLab, change: (good: GuestAccess) => Partial<GuestAccess>): GuestLab {
  const wrap = (good: GuestAccess): GuestAccess => ({ ...good, ...change(good) })
  return { ...lab, slowMs: 300, access: wrap(lab.access), reopen: async () => wrap(await lab.reopen()) }
}

async function bytesOf(tree: Tree, hash: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(tree.read(hash)))
}

/** A tree of whatever its files really hold; files that cannot be read are missing. */
async function believing(tree: Tree): Promise<Tree> {
  const bytes = new Map<string, Buffer>()
  const files: TreeFile[] = []
  for (const file of tree.files) {
    const content = await bytesOf(tree, file.hash).catch(() => undefined)
    if (content === undefined) continue
    const hash = sha256(content)
    bytes.set(hash, content)
    files.push({ ...file, hash, sizeBytes: content.length })
  }
  return {
    hash: tree.hash,
    files,
    read: async function* (hash) {
      yield bytes.get(hash) ?? Buffer.alloc(0)
    },
  }
}

function leavesExtraFiles(lab: GuestLab): GuestLab {
  const before = new Map<string, Tree>()
  return changed(lab, (good) => ({
    push: async (tree, to, call) => {
      const old = before.get(to)
      const kept = old?.files.filter(({ path }) => !tree.files.some((file) => file.path === path)) ?? []
      before.set(to, tree)
      const read: Tree['read'] = (hash, options) =>
        kept.some((file) => file.hash === hash) && old !== undefined
          ? old.read(hash, options)
          : tree.read(hash, options)
      return await good.push({ hash: tree.hash, files: [...tree.files, ...kept], read }, to, call)
    },
  }))
}

function startsTwice(lab: GuestLab): GuestLab {
  let count = 0
  return changed(lab, (good) => ({
    startJob: async (id, command, call) => {
      count += 1
      await good.startJob(id, command, call)
      if (count > 1) await good.startJob(`${id}~${count}`, command, call)
    },
  }))
}

const MUTANTS: readonly Mutant<GuestLab>[] = [
  {
    rule: 'GA-010',
    name: 'knows only success and failure',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        exec: async (command, call) => {
          const result = await good.exec(command, call)
          if (result.exitCode !== 0) return { ...result, exitCode: 1 }
          return result
        },
      })),
  },
  {
    rule: 'GA-012',
    name: 'lets a shell read the arguments',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        exec: async (command, call) => {
          const line = command.argv.map(String).join(' ').replaceAll(/'|\n/g, '')
          return await good.exec({ ...command, argv: ['sh', '-c', line] }, call)
        },
      })),
  },
  {
    rule: 'GA-016',
    name: 'takes output for text',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        exec: async (command, call) => {
          const result = await good.exec(command, call)
          return { ...result, stdout: Buffer.from(Buffer.from(result.stdout).toString()) }
        },
      })),
  },
  {
    rule: 'GA-018',
    name: 'lets a command run on past its limit',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        exec: async ({ argv, environment }, call) => await good.exec({ argv, environment }, call),
      })),
  },
  {
    rule: 'GA-030',
    name: 'says absent while a job runs',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        job: async (id, call) => {
          const seen = await good.job(id, call)
          return seen.state === 'busy' ? { state: 'absent' } : seen
        },
      })),
  },
  { rule: 'GA-031', name: 'starts a job twice', breakIt: startsTwice },
  {
    rule: 'GA-033',
    name: 'ends its jobs when it is closed',
    breakIt: (lab) =>
      changed(lab, (good) => {
        const started: string[] = []
        return {
          startJob: async (id, command, call) => {
            started.push(id)
            await good.startJob(id, command, call)
          },
          close: async () => {
            for (const id of started) await good.stopJob(id)
            await good.close()
          },
        }
      }),
  },
  {
    rule: 'GA-034',
    name: 'says absent for a job that a reboot ended',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        job: async (id, call) => {
          const seen = await good.job(id, call)
          return seen.state === 'unknown' ? { state: 'absent' } : seen
        },
      })),
  },
  {
    rule: 'GA-036',
    name: 'does not end a job',
    breakIt: (lab) => ({ ...changed(lab, () => ({ stopJob: async () => {} })), slowMs: 2_000 }),
  },
  { rule: 'GA-051', name: 'leaves extra files', breakIt: leavesExtraFiles },
  {
    rule: 'GA-052',
    name: 'sends everything every time',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        push: async (tree, to, call) => {
          for (const { hash } of tree.files) await bytesOf(tree, hash)
          return await good.push(tree, to, call)
        },
      })),
  },
  {
    rule: 'GA-054',
    name: 'puts half a tree in place',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        push: async (tree, to, call) => {
          const half = await believing(tree)
          const hash = await good.push(half, to, call)
          if (half.files.length < tree.files.length) throw new VmunitError('ERR_UNAVAILABLE', 'The source broke.')
          return hash
        },
      })),
  },
  {
    rule: 'GA-055',
    name: 'does not verify what it sends',
    breakIt: (lab) =>
      changed(lab, (good) => ({ push: async (tree, to, call) => await good.push(await believing(tree), to, call) })),
  },
  {
    rule: 'GA-059',
    name: 'gives more than was asked for',
    breakIt: (lab) =>
      changed(lab, (good) => ({ pull: (paths, maxBytes, call) => good.pull(paths, maxBytes * 1000, call) })),
  },
  {
    rule: 'GA-070',
    name: 'trusts any host key',
    breakIt: (lab) =>
      changedAccess(lab, (good) => ({
        open: async (target, call) => {
          const hostKeys = [...lab.target.hostKeys, ...lab.secondTarget.hostKeys]
          return await good.open({ ...target, hostKeys }, call)
        },
      })),
  },
  {
    rule: 'GA-075',
    name: 'does not mind the key of an image',
    breakIt: (lab) =>
      changedAccess(lab, (good) => ({
        open: async (target, call) => await good.open({ ...target, refusedHostKeys: [] }, call),
      })),
  },
  {
    rule: 'GA-076',
    name: 'trusts whoever answers when it knows no key',
    breakIt: (lab) =>
      changedAccess(lab, (good) => ({
        open: async (target, call) => {
          const hostKeys = target.hostKeys.length > 0 ? target.hostKeys : lab.target.hostKeys
          return await good.open({ ...target, hostKeys }, call)
        },
      })),
  },
  {
    rule: 'GA-072',
    name: 'says that a lost connection is for good',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        job: async (id, call) => {
          try {
            return await good.job(id, call)
          } catch (cause) {
            if (!isVmunitError(cause, 'ERR_UNAVAILABLE')) throw cause
            throw new VmunitError('ERR_UNAVAILABLE', 'The connection is lost.', { cause })
          }
        },
      })),
  },
  {
    rule: 'GA-073',
    name: 'takes the machine for the boot',
    breakIt: (lab) => changed(lab, () => ({ bootId: async () => 'machine-1' })),
  },
  {
    rule: 'GA-080',
    name: 'does not look at a signal',
    breakIt: (lab) => changed(lab, (good) => ({ startJob: async (id, command) => await good.startJob(id, command) })),
  },
  {
    rule: 'GA-081',
    name: 'waits for the command although the signal has aborted',
    breakIt: (lab) => changed(lab, (good) => ({ exec: async (command) => await good.exec(command) })),
  },
  {
    rule: 'GA-060',
    name: 'believes its note of what it pushed',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        push: async (tree, to, call) =>
          (await good.pushed(to)) === tree.hash ? tree.hash : await good.push(tree, to, call),
      })),
  },
  {
    rule: 'GA-083',
    name: 'does not ask whether it may',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        stopJob: async (id, call) => await good.stopJob(id, { signal: call?.signal }),
      })),
  },
  {
    rule: 'GA-083',
    name: 'asks whether it may when it is done',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        push: async (tree, to, call) => {
          const hash = await good.push(tree, to, { signal: call?.signal })
          call?.permit?.()
          return hash
        },
      })),
  },
]

testMutants({ name: 'GuestAccess', rules: GUEST_RULES, create: openWorldGuestLab }, MUTANTS)
