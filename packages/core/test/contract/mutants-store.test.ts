import { setTimeout as delay } from 'node:timers/promises'
import { type ErrorCode, isVmunitError } from '../../src/errors/index.ts'
import type { Commit, JournalRecord, Lease, StateStore } from '../../src/ports/index.ts'
import { STORE_RULES, type StoreLab } from '../../src/testing/index.ts'
import { openSqliteStoreLab } from './labs/sqlite-store-lab.ts'
import { type Mutant, testMutants } from './labs/test-mutants.ts'

/** The same lab, in which every store has another version of some calls. */
function changed(lab: StoreLab, change: (good: StateStore) => Partial<StateStore>): StoreLab {
  return {
    ...lab,
    open: async () => {
      const good = await lab.open()
      return { ...good, ...change(good) }
    },
  }
}

async function unless(call: Promise<void>, code: ErrorCode, instead: () => Promise<void>): Promise<void> {
  await call.catch(async (error: unknown) => {
    if (!isVmunitError(error, code)) throw error
    await instead()
  })
}

async function overwrite(store: StateStore, batch: Commit): Promise<void> {
  const put = batch.put ?? []
  const found = await store.get(put.map(({ key }) => key))
  await store.commit({ ...batch, put: put.map((each, index) => ({ ...each, revision: found[index]?.revision ?? 0 })) })
}

const MUTANTS: readonly Mutant<StoreLab>[] = [
  {
    rule: 'SS-012',
    name: 'lets the last writer win',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        commit: async (batch, call) =>
          await unless(good.commit(batch, call), 'ERR_CONFLICT', async () => await overwrite(good, batch)),
      })),
  },
  {
    rule: 'SS-013',
    name: 'writes the documents of a commit one by one',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        commit: async ({ put = [], ...batch }, call) => {
          for (const each of put) await good.commit({ put: [each] }, call)
          await good.commit(batch, call)
        },
      })),
  },
  {
    rule: 'SS-014',
    name: 'writes documents although the journal refuses its records',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        commit: async ({ lease, put, append }, call) => {
          await good.commit({ lease, put }, call)
          await good.commit({ lease, append }, call)
        },
      })),
  },
  {
    rule: 'SS-016',
    name: 'takes a per cent sign in a prefix for a wildcard',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        list: async function* (prefix, call) {
          const start = prefix.split('%')[0] ?? ''
          for await (const document of good.list(start, call)) yield document
        },
      })),
  },
  {
    rule: 'SS-019',
    name: 'resolves before it has written',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        commit: async (batch) => {
          const write = async (): Promise<void> => {
            await delay(20)
            await good.commit(batch)
          }
          write().catch(() => {})
        },
      })),
  },
  {
    rule: 'SS-021',
    name: 'gives a damaged document',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        get: async (keys, call) =>
          await good.get(keys, call).catch(() => keys.map((key) => ({ key, revision: 1, value: { text: 'c' } }))),
      })),
  },
  {
    rule: 'SS-022',
    name: 'takes what is missing for what never was',
    breakIt: (lab) => {
      let first: StateStore | undefined
      return {
        ...lab,
        open: async () => {
          first ??= await lab.open()
          return await lab.open().catch(() => ({ ...(first as StateStore), close: async () => {} }))
        },
      }
    },
  },
  {
    rule: 'SS-030',
    name: 'takes records without a lease',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        commit: async (batch, call) =>
          await unless(good.commit(batch, call), 'ERR_LEASE_LOST', async () => {
            await using lease = await good.acquire('somebody', { owner: 'store', ttlMs: 1000 })
            await good.commit({ ...batch, lease }, call)
          }),
      })),
  },
  {
    rule: 'SS-033',
    name: 'does not chain its checksums',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        journal: async function* (run, from, call): AsyncGenerator<JournalRecord> {
          for await (const record of good.journal(run, from, call)) yield { ...record, checksum: 'a'.repeat(64) }
        },
      })),
  },
  {
    rule: 'SS-034',
    name: 'skips the verification of checksums',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        journal: async function* (run, from, call): AsyncGenerator<JournalRecord> {
          try {
            yield* good.journal(run, from, call)
          } catch (error) {
            if (!isVmunitError(error, 'ERR_STORE_DAMAGED')) throw error
          }
        },
      })),
  },
  {
    rule: 'SS-036',
    name: 'forgets before it knows whether the rest of the commit goes through',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        commit: async ({ lease, forget, ...batch }, call) => {
          if (lease !== undefined) await good.commit({ lease, forget }, call)
          await good.commit({ ...batch, lease, forget }, call)
        },
      })),
  },
  {
    rule: 'SS-040',
    name: 'gives a lease twice within a process',
    breakIt: (lab) =>
      changed(lab, (good) => {
        const held = new Map<string, Lease>()
        return {
          acquire: async (key, options) => {
            const lease = held.get(key) ?? (await good.acquire(key, options))
            held.set(key, lease)
            return lease
          },
        }
      }),
  },
  {
    rule: 'SS-041',
    name: 'gives every lease the same token',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        acquire: async (key, options) => {
          const lease = await good.acquire(key, options)
          return { ...lease, token: 1 }
        },
      })),
  },
  {
    rule: 'SS-042',
    name: 'does not wait for another holder',
    code: 'ERR_LOCKED',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        acquire: async (key, options) => await good.acquire(key, { ...options, waitMs: 0 }),
      })),
  },
  {
    rule: 'SS-045',
    name: 'tells its holder nothing about a lost lease',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        acquire: async (key, options) => {
          const lease = await good.acquire(key, options)
          return { ...lease, isHeld: () => true }
        },
      })),
  },
  {
    rule: 'SS-046',
    name: 'accepts a stale lease',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        commit: async (batch, call) =>
          await unless(good.commit(batch, call), 'ERR_LEASE_LOST', async () => {
            await good.commit({ put: batch.put }, call)
          }),
      })),
  },
  {
    rule: 'SS-048',
    name: 'waits for a lease although the signal has aborted',
    breakIt: (lab) => ({
      ...changed(lab, (good) => ({
        acquire: async (key, { signal: _signal, ...options }) => await good.acquire(key, { ...options }),
      })),
      slowMs: 300,
    }),
  },
  {
    rule: 'SS-063',
    name: 'does not verify the bytes of a blob',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        getBlob: async function* (hash, call) {
          try {
            yield* good.getBlob(hash, call)
          } catch (error) {
            if (!isVmunitError(error, 'ERR_STORE_DAMAGED')) throw error
          }
        },
      })),
  },
  {
    rule: 'SS-064',
    name: 'stores what it got from a source that broke',
    breakIt: (lab) =>
      changed(lab, (good) => ({
        putBlob: async (content, call) => {
          const parts: Uint8Array[] = []
          try {
            for await (const part of content) parts.push(part)
          } catch {}
          return await good.putBlob(
            (async function* () {
              yield* parts
            })(),
            call,
          )
        },
      })),
  },
  {
    rule: 'SS-070',
    name: 'does not look at a signal',
    breakIt: (lab) => changed(lab, (good) => ({ commit: async (batch) => await good.commit(batch) })),
  },
  {
    rule: 'SS-080',
    name: 'goes on after close',
    breakIt: (lab) => changed(lab, () => ({ close: async () => {}, [Symbol.asyncDispose]: async () => {} })),
  },
]

testMutants({ name: 'StateStore', rules: STORE_RULES, create: openSqliteStoreLab }, MUTANTS)
