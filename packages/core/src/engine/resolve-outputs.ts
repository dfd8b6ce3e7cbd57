import type { Plain } from '../domain/plain.ts'
import type { OutputRef } from '../domain/plan.ts'
import type { Progress } from './progress.ts'

function isOutputRef(value: object): value is OutputRef {
  return '$output' in value
}

/** The steps whose outputs stand in a planned input. */
export function outputsIn(input: Plain): readonly string[] {
  if (input === null || typeof input !== 'object') return []
  if (Array.isArray(input)) return input.flatMap(outputsIn)
  return isOutputRef(input) ? [input.$output.step] : Object.values(input).flatMap(outputsIn)
}

/** Replaces every `{ $output }` in a planned input; undefined when one of those steps has no output. */
export function resolveOutputs(input: Plain, progress: Progress): { readonly input: Plain } | undefined {
  let isComplete = true
  const resolve = (value: Plain): Plain => {
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) return value.map(resolve)
    if (isOutputRef(value)) {
      const { step, field } = value.$output
      const done = progress.steps.get(step)
      if (done?.state === 'done') return (done.output as Readonly<Record<string, Plain>>)[field]
      isComplete = false
      return null
    }
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, resolve(member)]))
  }
  const resolved = resolve(input)
  return isComplete ? { input: resolved } : undefined
}
