import type { DocumentUpdate } from '../ports/index.ts'
import { type ControlDocument, controlParser, keys, plain } from './documents.ts'

/** Asks the owner of a run to stop it. A run that is to end is not asked to pause any more. */
export function askToStop(runId: string, control: ControlDocument): DocumentUpdate {
  return { key: keys.control(runId), update: (value) => (asksForEnd(value) ? value : plain(control)) }
}

/** The run is paused. Who asked for its end meanwhile has not got it yet: that stays asked. */
export function answerPause(runId: string): DocumentUpdate {
  return { key: keys.control(runId), update: (value) => (asksForEnd(value) ? value : undefined) }
}

function asksForEnd(value: unknown): boolean {
  return value !== undefined && controlParser.parse(value).verb === 'cancel'
}
