import { createHash } from 'node:crypto'
import { access, copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type GovmomiSource, type Toolchain, toolchainFor } from './govmomi-source.ts'
import { runCommand } from './run-command.ts'
import { defaultStateDirectory } from './state-directory.ts'

export interface BuildVcsimOptions {
  /** `auto` takes the module proxy's govmomi, and Debian's where that cannot be built. */
  readonly govmomi?: GovmomiSource | 'auto' | undefined
  readonly stateDirectory?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface BuiltVcsim {
  readonly path: string
  readonly source: GovmomiSource
  /** The version of govmomi in it. */
  readonly version: string
}

const sourceDirectory = join(import.meta.dirname, '../../vcsim')
const sources = ['main.go', 'go.mod', 'go.sum']

async function fingerprint(toolchain: Toolchain): Promise<string> {
  const hash = createHash('sha256')
  for (const name of sources) hash.update(await readFile(join(sourceDirectory, name)))
  hash.update([toolchain.source, toolchain.version, toolchain.go.version, process.platform, process.arch].join('\n'))
  return hash.digest('hex').slice(0, 16)
}

async function compile(toolchain: Toolchain, directory: string, signal: AbortSignal | undefined): Promise<string> {
  // Without modules Go takes the package path from the directory, and go.mod would only be in its way.
  const used = toolchain.source === 'debian' ? ['main.go'] : sources
  for (const name of used) await copyFile(join(sourceDirectory, name), join(directory, name))
  const output = join(directory, 'vcsim')
  const flags = `-s -w -X main.govmomi=${toolchain.version}`
  await runCommand(toolchain.go.path, ['build', '-ldflags', flags, '-o', output, '.'], {
    cwd: directory,
    env: { ...process.env, ...toolchain.env },
    signal,
  })
  return output
}

async function buildWith(source: GovmomiSource, options: BuildVcsimOptions): Promise<BuiltVcsim> {
  const toolchain = await toolchainFor(source, await readFile(join(sourceDirectory, 'go.mod'), 'utf8'))
  const cache = join(options.stateDirectory ?? defaultStateDirectory, 'vcsim')
  const path = join(cache, `${source}-${toolchain.version}-${await fingerprint(toolchain)}`)
  const built: BuiltVcsim = { path, source, version: toolchain.version }
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  if (isThere) return built
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(join(cache, 'build-'))
  try {
    // Two builders at once both build; the name appears only with a complete program behind it.
    await rename(await compile(toolchain, directory, options.signal), path)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
  return built
}

/**
 * Builds the vCenter simulator, once for each version of its sources and of govmomi.
 *
 * Rejects saying for each source of govmomi what is missing on this machine.
 */
export async function buildVcsim(options: BuildVcsimOptions = {}): Promise<BuiltVcsim> {
  const wanted = options.govmomi ?? 'auto'
  if (wanted !== 'auto') return await buildWith(wanted, options)
  const problems: string[] = []
  for (const source of ['module-proxy', 'debian'] as const) {
    try {
      return await buildWith(source, options)
    } catch (error) {
      options.signal?.throwIfAborted()
      problems.push(`${source}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new Error(`vcsim cannot be built on this machine.\n${problems.join('\n')}`)
}
