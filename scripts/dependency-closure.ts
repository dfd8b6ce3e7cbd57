import { existsSync, realpathSync } from 'node:fs'
import { join, sep } from 'node:path'
import { readManifest } from './workspace.ts'

/** The folders of everything from the registry that a package needs at run time, as pnpm has them installed. */
export function dependencyClosure(folder: string): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (from: string, modules: string): void => {
    for (const name of Object.keys(readManifest(from).dependencies ?? {})) {
      const path = join(modules, name)
      if (name.startsWith('@vmunit/') || !existsSync(path)) continue
      const target = realpathSync(path)
      if (found.has(target)) continue
      found.add(target)
      visit(target, target.slice(0, target.lastIndexOf(`${sep}node_modules${sep}`) + '/node_modules'.length))
    }
  }
  visit(folder, join(folder, 'node_modules'))
  return found
}
