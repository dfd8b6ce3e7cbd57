import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { refuseArguments } from './refuse-arguments.ts'
import { mustRun } from './run-command.ts'
import { publishedPackages } from './workspace.ts'

refuseArguments('Usage: npm run build\nIt builds the packages into their dist.')

// Each package after those it imports: its types are checked against what they will publish, not against their sources.
for (const { folder, manifest } of publishedPackages()) {
  const started = performance.now()
  await mustRun(['tsup'], folder)
  await mustRun(['tsc', '-p', 'tsconfig.build.json'], folder)
  for (const file of globSync('dist/**/*.d.ts', { cwd: folder })) renameImports(join(folder, file))
  console.log(`✓ ${manifest.name} ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

/** `tsc` leaves the names of the sources in declarations; beside the published JavaScript they would name nothing. */
function renameImports(file: string): void {
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(/(\b(?:from |import\()["']\.[^"']*)\.ts(?=["'])/g, '$1.js'))
}
