import * as z from 'zod'
import { issuesError } from '../issues.ts'
import { mustBe } from '../must-be.ts'
import { parseProperties } from './parse-properties.ts'
import { byLine, readFields } from './read-fields.ts'

/** What a definition says that it was written for. */
export interface VersionProperties {
  readonly interfaceVersion: '090000'
  readonly targetEdition: 'standard'
}

const schema = z.strictObject({
  'vm.interface.version': z.literal('090000', mustBe('090000')),
  'vm.target.edition': z.literal('standard', mustBe('standard')),
})

/**
 * Reads `version.properties`, which keeps servers of an unintended version from being built (spec §4.4).
 *
 * @param file - how messages and issues call the file.
 * @throws {@link VmunitError} `ERR_INVALID_FILE` when a key is missing, unknown, or has another value than the fixed one.
 */
export function parseVersionProperties(text: string, file: string): VersionProperties {
  const { values, issues } = readFields(schema, parseProperties(text, file), { file })
  if (values === undefined) throw issuesError('ERR_INVALID_FILE', byLine(issues), 'correct the file and read it again')
  return { interfaceVersion: values['vm.interface.version'], targetEdition: values['vm.target.edition'] }
}
