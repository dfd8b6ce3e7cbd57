import { orAbort } from '../../internal/abort.ts'
import type { Call } from '../../ports/call.ts'
import type { Guest, GuestAccess, GuestTarget } from '../../ports/guest-access.ts'
import type { Tree } from '../../ports/tree.ts'
import { type ClosableAsk, closable } from './ask.ts'
import { joinBytes } from './output.ts'

/** The guests of a world as an access. */
export function guestPort(access: ClosableAsk): GuestAccess {
  return {
    async open(target, call) {
      await access.ask('guests.open', [target], call)
      return openGuest(closable(access.ask, 'guest'), target)
    },
    close: access.close,
    [Symbol.asyncDispose]: access.close,
  }
}

function openGuest({ ask, close }: ClosableAsk, target: GuestTarget): Guest {
  return {
    exec: async (command, call) => await ask('guests.exec', [target, command], call),
    startJob: async (id, command, call) => await ask('guests.startJob', [target, id, command], call),
    job: async (id, call) => await ask('guests.job', [target, id], call),
    stopJob: async (id, call) => await ask('guests.stopJob', [target, id], call),
    async push(tree, to, call) {
      const { signal } = call ?? {}
      const missing = await ask('guests.missing', [target, to, tree.files], { signal })
      const bytes = await orAbort(readAll(tree, missing, { signal }), signal)
      return await ask('guests.push', [target, to, { hash: tree.hash, files: tree.files, bytes }], call)
    },
    pushed: async (to, call) => await ask('guests.pushed', [target, to], call),
    pull: async function* (paths, maxBytes, call) {
      yield await ask('guests.pull', [target, paths, maxBytes], call)
    },
    bootId: async (call) => await ask('guests.bootId', [target], call),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function readAll(tree: Tree, hashes: readonly string[], call: Call): Promise<Record<string, Uint8Array>> {
  const bytes: Record<string, Uint8Array> = {}
  for (const hash of hashes) {
    const parts: Uint8Array[] = []
    for await (const part of tree.read(hash, call)) parts.push(part)
    bytes[hash] = joinBytes(parts)
  }
  return bytes
}
