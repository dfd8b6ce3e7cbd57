import { askService } from './ask-service.ts'

/** Services that belong together: the group serves when each of them does. */
export interface ProbedGroup {
  readonly name: string
  /** Where each of its services is; one that may be in several places serves when any of them does. */
  readonly addresses: readonly (string | readonly string[])[]
}

/** What a prober found out. */
export interface ProbeReport {
  /** How many times all groups were asked. */
  readonly rounds: number
  /** The fewest groups that served in any round. */
  readonly fewest: number
  /** In how many rounds a group did not serve, for the groups that ever did not. */
  readonly missed: ReadonlyMap<string, number>
}

export interface Prober extends AsyncDisposable {
  /** Asks a last time and tells what was seen since the start. */
  stop(): Promise<ProbeReport>
}

export interface ProberOptions {
  readonly groups: readonly ProbedGroup[]
  readonly port: number
  /** Default 50. */
  readonly intervalMs?: number | undefined
  /** How long an answer may take; who is not there refuses at once. Default 10,000. */
  readonly timeoutMs?: number | undefined
}

/** A user who asks every service address again and again, and notices when nobody answers. */
export function startProber({ groups, port, intervalMs = 50, timeoutMs = 10_000 }: ProberOptions): Prober {
  const missed = new Map<string, number>()
  const asking = new Set<Promise<void>>()
  let rounds = 0
  let fewest = groups.length

  const askAll = async (): Promise<void> => {
    const served = await Promise.all(
      groups.map(async ({ addresses }) => {
        const answers = await Promise.all(
          addresses.map(async (places) => {
            const asked = [places].flat().map(async (address) => await askService({ address, port, timeoutMs }))
            return (await Promise.all(asked)).some((answer) => answer !== undefined)
          }),
        )
        return answers.every(Boolean)
      }),
    )
    rounds += 1
    fewest = Math.min(fewest, served.filter(Boolean).length)
    for (const [index, { name }] of groups.entries()) {
      if (served[index] !== true) missed.set(name, (missed.get(name) ?? 0) + 1)
    }
  }
  // The next round begins on time although the one before still waits for somebody who does not answer.
  const ask = (): void => {
    const round = askAll().finally(() => asking.delete(round))
    asking.add(round)
  }
  const timer = setInterval(ask, intervalMs)
  ask()

  const end = async (): Promise<void> => {
    clearInterval(timer)
    await Promise.all(asking)
  }
  return {
    async stop() {
      ask()
      await end()
      return { rounds, fewest, missed }
    },
    [Symbol.asyncDispose]: end,
  }
}
