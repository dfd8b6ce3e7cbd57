import { VmunitError } from '@vmunit/core'

/** Calls that change the world, by the names that {@link mortal} gives them. */
const MUTATING = new Set([
  'addresses.release',
  'addresses.reserve',
  'hypervisor.adopt',
  'hypervisor.create',
  'hypervisor.power',
  'hypervisor.release',
  'hypervisor.remove',
  'hypervisor.images.publish',
  'hypervisor.images.remove',
  'guests.push',
  'guests.startJob',
  'guests.stopJob',
  'balancer.ensureMember',
  'balancer.ensurePool',
  'balancer.removeMember',
  'balancer.removePool',
  'balancer.traffic',
])

/** When a manager dies. Commits are those that write into a journal, calls those that change the world; counted from 1. */
export type Death =
  | { readonly type: 'beforeCommit'; readonly number: number }
  | { readonly type: 'afterCommit'; readonly number: number }
  | { readonly type: 'afterCall'; readonly number: number }
  /** The call takes effect, the manager is told that it failed, and dies before it can write that down. */
  | { readonly type: 'lostAnswer'; readonly number: number }
  /** The call is on its way, and takes effect while the manager is dead. */
  | { readonly type: 'duringCall'; readonly number: number }
  /** So many milliseconds after the process began, whatever it is doing. */
  | { readonly type: 'after'; readonly number: number }
  | { readonly type: 'never' }

export function describeDeath(death: Death): string {
  return death.type === 'never' ? 'never' : `${death.type} ${death.number}`
}

/** The life of one manager: everything that it asks of its store and drivers passes here. */
export interface Life {
  readonly died: Promise<void>
  readonly isDead: boolean
  readonly commits: number
  readonly calls: number
  /** Now, and not at the appointed moment. */
  kill(): void
  pass<T>(name: string, args: readonly unknown[], work: () => Promise<T>): Promise<T>
}

/** What a dead manager asks for never comes, neither as a value nor as an error. */
const never = <T>(): Promise<T> => new Promise<T>(() => {})

/** `pace` is awaited before each call; answers come after `answers` lets them; `onKill` is called at the moment of death. */
export interface LifeOptions {
  readonly onKill?: () => void
  readonly pace?: () => Promise<void>
  readonly answers?: (name: string) => Promise<void>
}

export function createLife(death: Death, { pace, answers, onKill }: LifeOptions = {}): Life {
  const died = Promise.withResolvers<void>()
  let isDead = false
  let isDoomed = false
  let commits = 0
  let calls = 0

  function kill(): void {
    if (isDead) return
    isDead = true
    died.resolve()
    onKill?.()
  }

  const isNow = (type: Death['type'], number: number): boolean =>
    death.type === type && death.type !== 'never' && death.number === number

  function writesJournal(name: string, [batch]: readonly unknown[]): boolean {
    if (name !== 'store.commit' || typeof batch !== 'object' || batch === null || !('append' in batch)) return false
    return Array.isArray(batch.append) && batch.append.length > 0
  }

  return {
    died: died.promise,
    get isDead() {
      return isDead
    },
    get commits() {
      return commits
    },
    get calls() {
      return calls
    },
    kill,
    async pass<T>(name: string, args: readonly unknown[], work: () => Promise<T>): Promise<T> {
      if (isDead) return await never()
      // Nothing may come between the engine's look at its lease and a call that changes the world.
      if (pace !== undefined && !MUTATING.has(name)) await pace()
      const isCommit = writesJournal(name, args)
      if (isCommit) commits += 1
      const commit = commits
      if (isCommit && (isDoomed || isNow('beforeCommit', commit))) {
        kill()
        return await never()
      }
      const isMutating = MUTATING.has(name)
      if (isMutating) calls += 1
      const call = calls
      let value: T
      try {
        const working = work()
        if (isMutating && isNow('duringCall', call)) kill()
        value = await working
        await answers?.(name)
      } catch (error) {
        await answers?.(name)
        if (isDead) return await never()
        throw error
      }
      if (isDead) return await never()
      if ((isCommit && isNow('afterCommit', commit)) || (isMutating && isNow('afterCall', call))) {
        kill()
        return await never()
      }
      if (isMutating && isNow('lostAnswer', call)) {
        isDoomed = true
        throw new VmunitError('ERR_UNAVAILABLE', `The answer of ${name} was lost.`, { retryable: true })
      }
      return value
    },
  }
}
