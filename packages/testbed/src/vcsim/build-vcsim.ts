import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf } from '../message-of.ts'
import { tell } from '../tell.ts'
import { GOVMOMI_SOURCES, type GovmomiSource, type Toolchain, toolchainFor } from './govmomi-source.ts'
import { runCommand } from './run-command.ts'
import { defaultStateDirectory } from './state-directory.ts'

export interface BuildVcsimOptions {
  /** `auto` takes what was built, and else the module proxy's govmomi, and Debian's where that cannot be built. */
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

interface Build {
  readonly built: BuiltVcsim
  readonly isThere: boolean
  readonly toolchain: Toolchain
}

/** The build of one source as it is, or would be. */
async function lookAt(source: GovmomiSource, stateDirectory = defaultStateDirectory): Promise<Build> {
  const toolchain = await toolchainFor(source, await readFile(join(sourceDirectory, 'go.mod'), 'utf8'))
  const { version } = toolchain
  const path = join(stateDirectory, 'vcsim', `${source}-${version}-${await fingerprint(toolchain)}`)
  return { built: { path, source, version }, isThere: existsSync(path), toolchain }
}

async function buildWith(source: GovmomiSource, options: BuildVcsimOptions): Promise<BuiltVcsim> {
  const { built, isThere, toolchain } = await lookAt(source, options.stateDirectory)
  if (isThere) return built
  tell(`building vcsim with govmomi ${built.version} …`)
  const cache = dirname(built.path)
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(join(cache, 'build-'))
  try {
    // Two builders at once both build; the name appears only with a complete program behind it.
    await rename(await compile(toolchain, directory, options.signal), built.path)
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
  for (const source of GOVMOMI_SOURCES) {
    // What this machine lacks for it is said when there is nothing else either.
    const build = await lookAt(source, options.stateDirectory).catch(() => undefined)
    if (build?.isThere === true) return build.built
  }
  const problems: string[] = []
  for (const source of GOVMOMI_SOURCES) {
    try {
      return await buildWith(source, options)
    } catch (error) {
      options.signal?.throwIfAborted()
      problems.push(`${source}: ${messageOf(error)}`)
    }
  }
  throw new Error(`vcsim cannot be built on this machine.\n${problems.join('\n')}`)
}

/**
 * The sources of govmomi whose vcsim this machine has, for tests that run with each; at least one, which is built when
 * none is there. It warns of each that is missing, and says why.
 */
export async function availableVcsims(options: BuildVcsimOptions = {}): Promise<readonly GovmomiSource[]> {
  const there: GovmomiSource[] = []
  const missing: string[] = []
  for (const source of GOVMOMI_SOURCES) {
    try {
      if ((await lookAt(source, options.stateDirectory)).isThere) there.push(source)
      else missing.push(`${source}: it was not built; npm test builds what can be built here`)
    } catch (error) {
      missing.push(`${source}: ${messageOf(error)}`)
    }
  }
  if (there.length === 0) return [(await buildVcsim(options)).source]
  for (const why of missing) tell(`not tested with the govmomi of ${why}`)
  return there
}
