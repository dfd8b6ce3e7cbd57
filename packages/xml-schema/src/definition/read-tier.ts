import { isVmunitError, type Tier, UNIT_BALANCER } from '@vmunit/core'
import type { FileIssue } from '../issues.ts'
import { decodeProperties } from '../properties/decode-properties.ts'
import { type BalancerProperties, parseBalancerProperties } from '../properties/parse-balancer-properties.ts'
import { parseTierProperties } from '../properties/parse-tier-properties.ts'
import { parseVersionProperties } from '../properties/parse-version-properties.ts'
import { BALANCER_FILE, placesOf, TIER_FILE, VERSION_FILE } from './property-files.ts'

/** Property files that are larger are none. */
export const MAX_PROPERTY_BYTES = 1024 * 1024

/** The tier of a directory by the contents of its property files; undefined when something is wrong with them. */
export function readTier(
  id: string,
  contents: ReadonlyMap<string, Uint8Array>,
  report: (issue: FileIssue) => void,
): Tier | undefined {
  const read = <T>(name: string, parse: (text: string, file: string) => T): T | undefined => {
    const path = placesOf(id, name).find((place) => contents.has(place)) ?? ''
    const bytes = contents.get(path)
    try {
      return bytes === undefined ? undefined : parse(decodeProperties(bytes), path)
    } catch (error) {
      if (!isVmunitError(error, 'ERR_INVALID_FILE')) throw error
      for (const issue of error.details['issues'] as readonly FileIssue[]) report(issue)
      return undefined
    }
  }
  const tier = read(TIER_FILE, parseTierProperties)
  const version = read(VERSION_FILE, parseVersionProperties)
  const connection = read(BALANCER_FILE, parseBalancerProperties)
  if (tier?.balancer?.name === UNIT_BALANCER && !placesOf(id, BALANCER_FILE).some((place) => contents.has(place))) {
    const message = `the file is missing, but lb.use=${UNIT_BALANCER} needs it`
    report({ path: `${id}/${BALANCER_FILE}`, message })
  }
  return tier === undefined || version === undefined ? undefined : { id, ...withConnection(tier, connection) }
}

/** The password stays in the file. */
function withConnection(tier: Omit<Tier, 'id'>, properties: BalancerProperties | undefined): Omit<Tier, 'id'> {
  const { balancer } = tier
  if (balancer?.name !== UNIT_BALANCER || properties === undefined) return tier
  const { password: _password, ...connection } = properties
  return { ...tier, balancer: { ...balancer, connection } }
}
