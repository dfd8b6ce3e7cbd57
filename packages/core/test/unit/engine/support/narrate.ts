import { outcomesOf } from '../../../../src/engine/outcomes.ts'
import type { ScheduledChange } from '../../../../src/engine/progress.ts'
import type { Decision } from '../../../../src/engine/schedule.ts'
import { type Moment, runVirtually, type VirtualRun } from './virtual-run.ts'

/** Tells the run as a story: one line for each thing that happens, with its virtual second. */
export function narrate(run: Omit<VirtualRun, 'watcher'>): string {
  const { plan } = run
  const lines: string[] = []
  const soaking = new Set<string>()
  const tell = (now: number, text: string): void => {
    lines.push(`${String(now / 1000).padStart(6)}  ${text}`)
  }
  const nameOf = ({ key, change }: ScheduledChange): string => {
    const [direction = '', phase] = key.split(':')
    const { name } = (direction === 'back' ? plan.back : plan.phases)[Number(phase)] ?? { name: '?' }
    return `${direction === 'back' ? '<' : ''}${name} ${change.group}`
  }
  const tellDecision = (now: number, decision: Decision, inFlight: readonly ScheduledChange[]): void => {
    switch (decision.type) {
      case 'carryOn': {
        if (decision.wakeAt === undefined || decision.begin.length > 0) return
        const text = `soaks until ${decision.wakeAt / 1000}${inFlight.length === 0 ? ', nothing in flight' : ''}`
        const key = `${now} ${text}`
        if (!soaking.has(key)) tell(now, text)
        soaking.add(key)
        return
      }
      case 'gate': {
        const { gate } = decision
        tell(now, `gate ${decision.id}: ${gate.kind} ${gate.kind === 'until' ? gate.time / 1000 : `"${gate.text}"`}`)
        return
      }
      case 'goBack':
        if (inFlight.length > 0) return
        return tell(now, `goes back: ${decision.reason}`)
      case 'renew':
        for (const { group, attempt } of decision.groups) tell(now, `renews ${group}, attempt ${attempt}`)
        return
      case 'end':
        return tell(now, `ends: ${decision.state}`)
    }
  }
  const tellTakeover = ({ now, inFlight }: Moment): void => {
    if (inFlight.length > 0) tell(now, `killed; another process carries on ${inFlight.map(nameOf).join(', ')}`)
  }
  const progress = runVirtually({
    ...run,
    watcher: {
      decided: ({ now, inFlight }, decision) => tellDecision(now, decision, inFlight),
      began: ({ now }, scheduled) => tell(now, `begins ${scheduled.map(nameOf).join(', ')}`),
      takenOver: tellTakeover,
      ended: ({ now }, scheduled, { fails }) =>
        tell(now, fails === undefined ? `done   ${nameOf(scheduled)}` : `failed ${nameOf(scheduled)} (${fails.code})`),
    },
  })
  const outcomes = Map.groupBy(outcomesOf(progress), ({ status }) => status)
  for (const [status, servers] of outcomes) {
    lines.push(`${status}: ${servers.map(({ server }) => server.slice(0, server.indexOf('/'))).join(', ')}`)
  }
  lines.push(`run ${progress.state}`)
  return `${lines.join('\n')}\n`
}
