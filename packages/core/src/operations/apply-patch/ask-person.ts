import { draft, type Stage } from '../roll/stage.ts'
import { awaitAnswer } from '../steps/index.ts'
import type { ApplyPatchInput } from './patch-input.ts'

/** Asks a person to patch groups, and waits for the word that it is done. The question stands with the first of them. */
export function askStage(groups: readonly string[], request: ApplyPatchInput): Stage {
  const { unit, text, from, until, reboot = false } = request
  const work = text ?? `Patch${reboot ? ' and reboot' : ''} the servers`
  const asked = {
    text: `${work}: ${groups.join(', ')} of ${unit}. They are stopped; answer when it is done.`,
    ask: 'work',
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
  }
  return { name: 'ask', lanes: [[draft(awaitAnswer, { id: `${groups[0]}/ask`, input: asked })]] }
}
