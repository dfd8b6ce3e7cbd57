import { isVmunitError, type Tier } from '@vmunit/core'
import type { FileIssue } from '../issues.ts'
import { parseTierProperties } from '../properties/parse-tier-properties.ts'
import { parseVersionProperties } from '../properties/parse-version-properties.ts'
import { TIER_FILE, VERSION_FILE } from './check-layout.ts'

/** Property files that are larger are none. */
export const MAX_PROPERTY_BYTES = 1024 * 1024

/** The tier of a directory by the contents of its two property files; undefined when something is wrong with them. */
export function readTier(
  id: string,
  contents: ReadonlyMap<string, Uint8Array>,
  report: (issue: FileIssue) => void,
): Tier | undefined {
  const read = <T>(name: string, parse: (text: string, file: string) => T): T | undefined => {
    const path = `${id}/${name}`
    const bytes = contents.get(path)
    try {
      return bytes === undefined ? undefined : parse(decode(bytes), path)
    } catch (error) {
      if (!isVmunitError(error, 'ERR_INVALID_FILE')) throw error
      for (const issue of error.details['issues'] as readonly FileIssue[]) report(issue)
      return undefined
    }
  }
  const tier = read(TIER_FILE, parseTierProperties)
  const version = read(VERSION_FILE, parseVersionProperties)
  return tier === undefined || version === undefined ? undefined : { id, ...tier }
}

/**
 * Editors write UTF-8, the format is ISO 8859-1. Text that is valid UTF-8 is taken as such, so that characters
 * beyond ISO 8859-1 are reported and not taken for several others.
 */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('latin1')
  }
}
