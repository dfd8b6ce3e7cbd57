import { baseSeed, type Random, randomOf } from '@vmunit/testbed/seeded-random'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DamageLab, type Ending, type LogState, openDamageLab } from './support/damage-lab.ts'

// VMUNIT_CRASH=all: every place, instead of some.
const ALL = process.env['VMUNIT_CRASH'] === 'all'
const PAGE = 4096
const FLIPS = ALL ? 200 : 24
const CUTS_OF_ALL = ALL ? 1 : 7

let seed = 0
beforeAll(() => {
  seed = baseSeed()
})

/** The ends of all whole pages, or some of them; the first always. */
function cuts(bytes: Buffer): readonly Buffer[] {
  const pages = Math.ceil(bytes.length / PAGE)
  const numbers = Array.from({ length: pages }, (_, page) => page).filter((page) => page % CUTS_OF_ALL === 0)
  return numbers.map((page) => bytes.subarray(0, page * PAGE))
}

function flip(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  const at = random.below(copy.length)
  copy[at] = (copy[at] ?? 0) ^ (1 + random.below(255))
  return copy
}

const tally = new Map<string, number>()

function count(kind: string, { type }: Ending): void {
  const name = `${kind}: ${type}`
  tally.set(name, (tally.get(name) ?? 0) + 1)
}

afterAll(() => {
  console.log([...tally].map(([name, times]) => `${name} ${times}`).join('\n'))
})

const LOGS: readonly LogState[] = ['empty', 'begun', 'half moved']

describe.each(LOGS)('A store whose log is %s', (logState) => {
  let lab: DamageLab

  beforeAll(async () => {
    lab = await openDamageLab(logState, randomOf(seed))
  })

  afterAll(async () => await lab.close())

  it('is read as it was when nothing is damaged', async () => {
    expect(await lab.tryWith(lab.database, lab.log)).toMatchObject({ type: 'before' })
  })

  it('is refused, or is as it was before, when its file is cut anywhere', async () => {
    for (const database of cuts(lab.database)) {
      count(`${logState}, file cut`, await lab.tryWith(database, lab.log))
      count(`${logState}, file cut and log lost`, await lab.tryWith(database, undefined))
    }
  }, 600_000)

  it('is refused, or is as it was before, when its log is cut anywhere', async () => {
    for (const log of cuts(lab.log)) count(`${logState}, log cut`, await lab.tryWith(lab.database, log))
  }, 600_000)

  it('is refused, or is as it was before, when a byte of its file is another one', async () => {
    for (let number = 0; number < FLIPS; number += 1) {
      const database = flip(lab.database, randomOf(seed + number))
      try {
        count(`${logState}, file flipped`, await lab.tryWith(database, lab.log))
      } catch (error) {
        throw new Error(`seed ${seed + number}: ${String(error)}`, { cause: error })
      }
    }
  }, 600_000)

  it('is refused, or is as it was before, when a byte of its log is another one', async () => {
    if (lab.log.length === 0) return
    for (let number = 0; number < FLIPS; number += 1) {
      const log = flip(lab.log, randomOf(seed + number))
      try {
        count(`${logState}, log flipped`, await lab.tryWith(lab.database, log))
      } catch (error) {
        throw new Error(`seed ${seed + number}: ${String(error)}`, { cause: error })
      }
    }
  }, 600_000)

  it('is refused, or is as it was before, when any byte of its first 100 is another one', async () => {
    for (let at = 0; at < 100; at += ALL ? 1 : 3) {
      const database = Buffer.from(lab.database)
      database[at] = (database[at] ?? 0) ^ (1 + randomOf(seed + at).below(255))
      try {
        count(`${logState}, header flipped`, await lab.tryWith(database, lab.log))
      } catch (error) {
        throw new Error(`seed ${seed} byte ${at}: ${String(error)}`, { cause: error })
      }
    }
  }, 600_000)
})
