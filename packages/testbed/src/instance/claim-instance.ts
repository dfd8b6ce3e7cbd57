import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { removeLeftovers } from './leftovers.ts'
import { lockNumber, type NumberLock } from './number-lock.ts'

/** How many testbeds one machine can have at once: each owns 16 of the 256 values of the third byte of an address. */
export const INSTANCES = 16

/** How many values of the third byte one testbed owns. */
export const GROUPS = 256 / INSTANCES

const GUESTS = 'guests'

/** The place of one testbed on this machine: a directory, and addresses that no other testbed uses. */
export interface Instance extends AsyncDisposable {
  readonly number: number
  readonly directory: string
  /** Where its guests belong, and nothing else. */
  readonly guests: string
  /** A loopback address: `group` from 0 to 15, `n` from 1 to 254. */
  address(network: 'management' | 'service', group: number, n: number): string
  release(): Promise<void>
}

/**
 * Claims a free place, and cleans what killed testbeds left in this state directory.
 *
 * A place belongs to the process that claimed it and is free as soon as that process ends, however it ends.
 */
export async function claimInstance(stateDirectory: string, signal?: AbortSignal): Promise<Instance> {
  const instances = join(stateDirectory, 'instances')
  await mkdir(instances, { recursive: true })
  let mine: { readonly number: number; readonly lock: NumberLock } | undefined
  for (let number = 0; number < INSTANCES; number += 1) {
    signal?.throwIfAborted()
    const hasLeftovers = existsSync(join(instances, String(number)))
    if (mine !== undefined && !hasLeftovers) continue
    const lock = await lockNumber(number)
    if (lock === undefined) continue
    if (hasLeftovers) await clear(join(instances, String(number)))
    if (mine === undefined) mine = { number, lock }
    else await lock.release()
  }
  if (mine === undefined) {
    throw new Error(`${INSTANCES} testbeds run on this machine already, and each owns its addresses: end one of them.`)
  }
  const { number, lock } = mine
  const directory = join(instances, String(number))
  await mkdir(directory)
  const release = async (): Promise<void> => {
    await clear(directory)
    await lock.release()
  }
  return {
    number,
    directory,
    guests: join(directory, GUESTS),
    address(network, group, n) {
      if (!(group >= 0 && group < GROUPS && n >= 1 && n <= 254)) {
        throw new RangeError(
          `There is no address ${group}, ${n}: groups go from 0 to ${GROUPS - 1}, numbers from 1 to 254.`,
        )
      }
      return `127.${network === 'management' ? 77 : 78}.${number * GROUPS + group}.${n}`
    },
    release,
    [Symbol.asyncDispose]: release,
  }
}

async function clear(directory: string): Promise<void> {
  await removeLeftovers(join(directory, GUESTS))
  await rm(directory, { recursive: true, force: true })
}
