import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository. */
export const root: string = fileURLToPath(new URL('..', import.meta.url))

/** What the scripts need of a package.json. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean | undefined
  readonly packageManager?: string | undefined
  readonly exports?: Readonly<Record<string, unknown>> | undefined
  readonly dependencies?: Readonly<Record<string, string>> | undefined
}

/** A package that is published. */
export interface Package {
  readonly folder: string
  readonly manifest: Manifest
}

/** Reads the package.json of a folder. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

/** The packages that are published, each after those it depends on. */
export function publishedPackages(): readonly Package[] {
  const waiting = new Map<string, Package>()
  for (const file of globSync('packages/*/package.json', { cwd: root }).sort()) {
    const folder = join(root, dirname(file))
    const manifest = readManifest(folder)
    if (manifest.private !== true) waiting.set(manifest.name, { folder, manifest })
  }
  const sorted: Package[] = []
  const take = (name: string): void => {
    const next = waiting.get(name)
    if (next === undefined) return
    waiting.delete(name)
    Object.keys(next.manifest.dependencies ?? {}).forEach(take)
    sorted.push(next)
  }
  for (const name of [...waiting.keys()]) take(name)
  return sorted
}

/** Where `scripts/pack.ts` puts a package, as users would get it. */
export function tarballOf({ manifest }: Package): string {
  return join(root, '.state', 'packages', `${manifest.name.replace(/^@[^/]+\//, '')}.tgz`)
}
