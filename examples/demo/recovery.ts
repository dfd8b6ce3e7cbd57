import { setTimeout as sleep } from 'node:timers/promises'
import type { Call, Manager, Run } from '@vmunit/core'
import { createRunView, type Lane } from './run-view.ts'
import { type Screen, table } from './screen.ts'
import { watchRun } from './watch-run.ts'

const UNFINISHED = ['interrupted', 'paused', 'running', 'waiting'] as const
const LOOK_MS = 250

/** Finds what an earlier start left unfinished, says so, and carries it on to its end. */
export async function recover(manager: Manager, screen: Screen, { signal }: Call): Promise<void> {
  const administrator = manager.as({ name: 'admin', role: 'administrator' })
  const found = await Array.fromAsync(administrator.runs({ states: UNFINISHED }))
  if (found.length === 0) return
  screen.heading('An earlier start did not come to its end')
  for (const run of found) {
    await describe(run, screen)
    await untilFree(run, { signal })
    const resumed = await administrator.resume(run.id, { signal })
    for (const each of resumed) await watchRun(each, screen)
    screen.say('✓ carried on to its end')
  }
}

async function describe(run: Run, screen: Screen): Promise<void> {
  const { state } = await run.state()
  screen.say(`found run ${run.id} · ${run.plan.operation.name} · ${state}`)
  const view = createRunView(run.plan)
  for await (const record of run.events({ follow: false })) view.apply(record)
  screen.say(table(view.lanes.map((lane) => ['', lane.address, lane.name, standing(lane)])))
}

/** Where the system does not tell that an owner is dead, its lease runs out by itself; that of a live one does not. */
async function untilFree(run: Run, { signal }: Call): Promise<void> {
  const found = await run.state()
  for (let now = found; now.state === 'running'; now = await run.state()) {
    if (now.heartbeatAt !== found.heartbeatAt) throw new Error(`Another demo is at work in this directory: ${run.id}.`)
    await sleep(LOOK_MS)
    signal?.throwIfAborted()
  }
}

function standing({ state, step }: Lane): string {
  switch (state) {
    case 'done':
      return '✓ done'
    case 'failed':
      return '✗ failed'
    case 'returned':
      return '↩ back on its old machine'
    case 'working':
      return `in flight: ${step === '' ? 'about to begin' : step}`
    default:
      return 'not begun'
  }
}
