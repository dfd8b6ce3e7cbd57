import { messageOf } from '../message-of.ts'
import { type BuildVcsimOptions, type BuiltVcsim, buildVcsim } from '../vcsim/build-vcsim.ts'
import { installPackages } from './install-packages.ts'

/** What Debian has for building vcsim, where Go's module proxy is out of reach or Go is missing. */
export const DEBIAN_GOVMOMI = ['golang-go', 'golang-github-vmware-govmomi-dev'] as const

/** Builds vcsim; where that is impossible with what is there, installs what Debian has for it and tries again. */
export async function ensureVcsim(options: BuildVcsimOptions = {}): Promise<BuiltVcsim> {
  try {
    return await buildVcsim(options)
  } catch (error) {
    options.signal?.throwIfAborted()
    if (options.govmomi === 'module-proxy') throw error
    try {
      await installPackages(DEBIAN_GOVMOMI, options.signal)
    } catch (cause) {
      throw new Error(`${messageOf(error)}\n${messageOf(cause)}`, { cause })
    }
    return await buildVcsim(options)
  }
}
