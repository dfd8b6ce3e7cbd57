import type { Call } from '../ports/index.ts'

/** Lets every method pass through `enter` first. */
export function guarded<Records extends object>(records: Records, enter: (call?: Call) => Promise<void>): Records {
  const entries = Object.entries(records) as [string, (...given: unknown[]) => Promise<unknown>][]
  const methods = entries.map(([name, method]) => [
    name,
    async (...given: unknown[]): Promise<unknown> => {
      await enter()
      return await method(...given)
    },
  ])
  return Object.fromEntries(methods) as Records
}
