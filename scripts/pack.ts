import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { mustRun } from './run-command.ts'
import { publishedPackages, readManifest, root, tarballOf } from './workspace.ts'

// pnpm, not npm: it is what publishes, and what turns workspace versions and publishConfig into what users get.
const { packageManager = 'pnpm' } = readManifest(root)
for (const item of publishedPackages()) {
  const tarball = tarballOf(item)
  rmSync(tarball, { force: true })
  mkdirSync(dirname(tarball), { recursive: true })
  await mustRun(['npx', '-y', packageManager, 'pack', '--out', tarball], item.folder)
}
