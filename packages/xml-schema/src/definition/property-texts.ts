import { type DefinitionSource, UNIT_BALANCER, VmunitError } from '@vmunit/core'
import { formatTierProperties } from '../properties/format-tier-properties.ts'
import { formatVersionProperties } from '../properties/format-version-properties.ts'
import { BALANCER_FILE, placesOf, TIER_FILE, VERSION_FILE } from './property-files.ts'

/** A file that a definition directory needs and the definition does not have. */
export interface PropertyText {
  readonly path: string
  readonly text: string
}

/**
 * The property files that tiers of a definition lack, as when it was made by a program.
 *
 * @throws {@link VmunitError} `ERR_INVALID_INPUT` when a balancer connection is missing: its password is nowhere else.
 */
export function propertyFilesOf({ tiers, files }: DefinitionSource): readonly PropertyText[] {
  const paths = new Set(files.map(({ path }) => path))
  return tiers.flatMap((tier): readonly PropertyText[] => {
    const { id, ...rest } = tier
    const lacks = (name: string): boolean => !placesOf(id, name).some((place) => paths.has(place))
    if (tier.balancer?.name === UNIT_BALANCER && lacks(BALANCER_FILE)) {
      const message = `Tier ${id} has a balancer of its own, but the definition has no ${id}/${BALANCER_FILE}; add it.`
      throw new VmunitError('ERR_INVALID_INPUT', message, { details: { tier: id } })
    }
    const version = formatVersionProperties({ interfaceVersion: '090000', targetEdition: 'standard' })
    return [
      ...(lacks(TIER_FILE) ? [{ path: `${id}/${TIER_FILE}`, text: formatTierProperties(rest) }] : []),
      ...(lacks(VERSION_FILE) ? [{ path: `${id}/${VERSION_FILE}`, text: version }] : []),
    ]
  })
}
