import type { ServerGroup } from '../domain/management-unit.ts'
import { groupParser } from '../domain/parsers.ts'
import { groupOfSlot } from '../domain/slot.ts'
import { unitsOf } from '../engine/claims.ts'
import { keys } from '../engine/documents.ts'
import { progressOf } from '../engine/load-progress.ts'
import { loadRun } from '../engine/load-run.ts'
import type { Call, Run } from '../ports/index.ts'
import { explainServer } from './explain.ts'
import type { Manager } from './manager.ts'
import type { Asking } from './planning.ts'
import { checkMayWork } from './rights.ts'
import { runHeads } from './run-heads.ts'
import { checkMayMove, checkReadable, isReadable, runFor } from './run-rights.ts'

/** The runs that a principal may see, of every process. */
export function createRuns({
  principal,
  options: { store },
  engine,
  enter,
}: Omit<Asking, 'identity'>): Pick<Manager, 'run' | 'runs' | 'resume' | 'explain'> {
  const asked = { store, principal }

  return {
    async run(id, call = {}) {
      await enter(call)
      const run = await engine.run(id, principal, call)
      await checkReadable(asked, run, call)
      return runFor({ ...asked, enter }, run)
    },
    async *runs(filter = {}, call = {}) {
      await enter(call)
      for await (const { key } of runHeads(store, filter, call)) {
        const run = await engine.run(key.slice('run/'.length), principal, call)
        if (filter.unit !== undefined && !unitsOf(run.plan).includes(filter.unit)) continue
        if (filter.states !== undefined && !filter.states.includes((await run.state(call)).state)) continue
        if (await isReadable(asked, run, call)) yield runFor({ ...asked, enter }, run)
      }
    },
    async resume(id, options = {}) {
      await enter(options)
      checkMayWork(principal, 'resume runs')
      const one = id === undefined ? undefined : await engine.run(id, principal, options)
      if (one !== undefined) await checkMayMove(asked, one, options)
      const runs = await engine.resume(principal, one, options)
      // What is due is moved whosever it is; who asked gets hold of what that person may see.
      const readable = await Promise.all(runs.map(async (run) => await isReadable(asked, run, options)))
      return runs.filter((_run, index) => readable[index]).map((run) => runFor({ ...asked, enter }, run))
    },
    async explain(id, server, call = {}) {
      await enter(call)
      const run = await engine.run(id, principal, call)
      await checkReadable(asked, run, call)
      const events = await Array.fromAsync(run.events({ follow: false, ...call }))
      const group = await groupOf(run, server, call)
      const progress = events.length === 0 ? await loadRun(store, id, call) : progressOf(id, events)
      return explainServer(server, { events, progress, status: await run.state(call), group })
    },
  }

  /** The record of the group that a server of a run belongs to; a run that is about no unit has none. */
  async function groupOf({ plan }: Run, server: string, call: Call): Promise<ServerGroup | undefined> {
    if (plan.unit === undefined) return undefined
    const [document] = await store.get([keys.group(plan.unit, groupOfSlot(server))], call)
    return document && groupParser.parse(document.value)
  }
}
