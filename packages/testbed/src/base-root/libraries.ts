import { runChecked } from '../processes/run-program.ts'

/** The shared libraries that these programs need, their loader among them, by the paths where they look for them. */
export async function librariesOf(programs: readonly string[], signal?: AbortSignal): Promise<readonly string[]> {
  const output = await runChecked(['ldd', ...programs], { signal, environment: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } })
  if (output.includes('not found')) throw new Error(`A library of ${programs.join(', ')} is missing:\n${output}`)
  // "libz.so.1 => /lib/…/libz.so.1 (0x…)" and, for the loader, "/lib64/ld-….so (0x…)".
  return [...new Set([...output.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, path]) => path ?? ''))].toSorted()
}
