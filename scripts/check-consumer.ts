// Installs the packed packages into a project of a user, offline, and uses them in every way that Node and tsc offer.
import { globSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dependencyClosure } from './dependency-closure.ts'
import { mustRun, runCommand } from './run-command.ts'
import { publishedPackages, root, tarballOf } from './workspace.ts'

const packages = publishedPackages()
const entries = packages.flatMap(({ manifest }) =>
  Object.keys(manifest.exports ?? {})
    .filter((key) => !key.endsWith('.json'))
    .map((key) => manifest.name + key.slice(1)),
)
const folder = mkdtempSync(join(tmpdir(), 'vmunit-consumer-'))

try {
  await install()
  await load()
  for (const resolution of ['nodenext', 'bundler']) await checkTypes(resolution)
  console.log(`${entries.join(', ')}: imported, required and type-checked`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function install(): Promise<void> {
  const typesOfNode = realpathSync(join(root, 'node_modules/@types/node'))
  const closure = packages.flatMap((item) => [...dependencyClosure(item.folder)])
  const undici = realpathSync(join(typesOfNode, '../../undici-types'))
  // Tarballs instead of links: npm would install into the folders that a link leads to.
  const registry = [...new Set([...closure, typesOfNode, undici])]
  const tarballs = registry.map((_, index) => join(folder, `${index}.tgz`)).concat(packages.map(tarballOf))
  for (const [index, source] of registry.entries()) {
    // pnpm links files of the same content to each other; npm leaves out links.
    const flags = ['--hard-dereference', '--transform=s,^[.],package,', '-C', source]
    await mustRun(['tar', '-czf', `${index}.tgz`, ...flags, '.'], folder)
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund']
  await mustRun(['npm', 'install', ...flags, ...tarballs], folder)
  const copies = globSync('**/node_modules/@vmunit/core', { cwd: folder })
  if (copies.length !== 1) throw new Error(`There must be one copy of core, not ${copies.join(', ')}`)
}

async function load(): Promise<void> {
  const imports = entries.map((entry) => `await import('${entry}')`).join('\n')
  writeFileSync(join(folder, 'import.mjs'), imports)
  const compare = (entry: string): string =>
    `import('${entry}').then((module) => assert.equal(require('${entry}'), module))`
  const requires = ["const assert = require('node:assert')", ...entries.map(compare)].join('\n')
  writeFileSync(join(folder, 'require.cjs'), requires)
  for (const file of ['import.mjs', 'require.cjs'])
    await mustRun([process.execPath, '--throw-deprecation', file], folder)
}

async function checkTypes(resolution: string): Promise<void> {
  const uses = entries.map((entry, index) => `import * as entry${index} from '${entry}'\nvoid entry${index}`)
  writeFileSync(join(folder, 'uses.ts'), uses.join('\n'))
  const options = {
    target: 'es2022',
    lib: ['es2024', 'esnext.disposable'],
    module: resolution === 'bundler' ? 'esnext' : resolution,
    moduleResolution: resolution,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['uses.ts'] }))
  const { code, output } = await runCommand(['tsc', '-p', '.', '--pretty', 'false', '--listFiles'], folder)
  const lines = output.split('\n')
  const errors = lines.filter((line) => !line.startsWith('/'))
  if (code !== 0) throw new Error(`tsc with moduleResolution ${resolution}:\n${errors.join('\n')}`)
  const installed = join(folder, 'node_modules/')
  const ours = /^(@vmunit|@types|undici-types)\//
  const foreign = lines.filter((file) => file.startsWith(installed) && !ours.test(file.slice(installed.length)))
  if (foreign.length > 0)
    throw new Error(`Types of other packages are part of the public types:\n${foreign.join('\n')}`)
}
