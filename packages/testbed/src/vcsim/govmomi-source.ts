import { findGoTools, type GoTool, minorVersion } from './find-go.ts'
import { runCommand } from './run-command.ts'

/** Where govmomi comes from: the Go module proxy (0.56), or the package of Debian 12 (0.24.2). The newest is first. */
export const GOVMOMI_SOURCES = ['module-proxy', 'debian'] as const

/** One of {@link GOVMOMI_SOURCES}. */
export type GovmomiSource = (typeof GOVMOMI_SOURCES)[number]

/** How to build with one govmomi: the tool, its environment, and the versions that the result depends on. */
export interface Toolchain {
  readonly source: GovmomiSource
  readonly go: GoTool
  readonly version: string
  readonly env: NodeJS.ProcessEnv
}

const modulePackage = 'github.com/vmware/govmomi'
const debianPackage = 'golang-github-vmware-govmomi-dev'
/** Older ones cannot read the `go` line of go.mod. */
const oldestWithModules = 21

async function debianVersion(): Promise<string | undefined> {
  // A machine that is no Debian has no dpkg-query, and no such package.
  const answer = await runCommand('dpkg-query', ['-W', '-f=${db:Status-Status} ${Version}', debianPackage]).catch(
    () => '',
  )
  return /^installed ([0-9.]+)/.exec(answer)?.[1]
}

/** The toolchain for one source. Rejects saying what is missing and how to get it. */
export async function toolchainFor(source: GovmomiSource, goMod: string): Promise<Toolchain> {
  const tools = await findGoTools()
  if (source === 'debian') {
    const version = await debianVersion()
    const go = tools.toSorted((a, b) => minorVersion(a) - minorVersion(b))[0]
    if (version === undefined || go === undefined) {
      throw new Error(`Debian's govmomi is not installed: apt-get install golang-go ${debianPackage}`)
    }
    const env = { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' }
    return { source, go, version, env }
  }
  const go = tools.find((tool) => minorVersion(tool) >= oldestWithModules)
  if (go === undefined) {
    throw new Error(`Go 1.${oldestWithModules} or newer is not in PATH; install it, or use Debian's govmomi`)
  }
  const version = new RegExp(`${modulePackage} v(\\S+)`).exec(goMod)?.[1]
  if (version === undefined) throw new Error(`go.mod does not name ${modulePackage}`)
  return { source, go, version, env: {} }
}
