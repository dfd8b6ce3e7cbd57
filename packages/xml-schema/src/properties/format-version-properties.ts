import { formatProperties } from './format-properties.ts'
import { parseVersionProperties, type VersionProperties } from './parse-version-properties.ts'

/**
 * Writes `version.properties`, which reads back as the same.
 *
 * @throws {@link VmunitError} `ERR_INVALID_FILE` for other values than the fixed ones.
 */
export function formatVersionProperties({ interfaceVersion, targetEdition }: VersionProperties): string {
  const text = formatProperties([
    { key: 'vm.interface.version', value: interfaceVersion },
    { key: 'vm.target.edition', value: targetEdition },
  ])
  parseVersionProperties(text, 'version.properties')
  return text
}
