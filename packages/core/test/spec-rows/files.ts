import type { SpecRow } from './spec-row.ts'

/** Virtual server group information file (spec §4.1); what §3.12 says of it stands there. */
export const GROUP_FILE_ROWS: readonly SpecRow[] = [
  { row: '4.1.1', text: 'another root element or namespace', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.1.2', text: 'no group', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.1.3', text: 'a group without a name', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.1.4', text: 'two groups of one name', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.1.5', text: 'a group without a server', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.1.6', text: 'a server without a tier', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.1.7', text: 'an identifier that is no dotted IPv4 address', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.1.8', text: 'a port out of range', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.1.9', text: 'without a port: that of the agent', exitClass: 0 },
  { row: '4.1.10', text: 'a service address that is no dotted IPv4 address', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.1.11', text: 'without a service address', exitClass: 0 },
  {
    row: '4.1.12',
    text: 'problems in the order of validation: syntax, values, duplicates',
    code: 'ERR_INVALID_FILE',
    exitClass: 64,
  },
]

/** Definition directory (spec §4.2): what an import validates. */
export const DEFINITION_DIRECTORY_ROWS: readonly SpecRow[] = [
  { row: '4.2.1', text: 'a required file is missing', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '4.2.2', text: 'a property out of range', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '4.2.3', text: 'a version of another generation', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '4.2.4', text: 'an application that is neither EAR nor ZIP', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '4.2.5', text: 'a tier type that is not allowed', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '4.2.6', text: 'an application without its cosminexus.xml', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '4.2.7', text: 'an http-tier without a j2ee-tier', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
]

/** `tier.properties` (spec §4.3). */
export const TIER_PROPERTIES_ROWS: readonly SpecRow[] = [
  { row: '4.3.1', text: 'lb.use is neither a connection nor :unit:', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.3.2', text: 'lb.use is empty or absent: linkage off', exitClass: 0 },
  { row: '4.3.3', text: 'linkage without the name of the entry point', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.3.4', text: 'a malformed name of the entry point', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.3.5', text: 'a port of the entry point out of range', code: 'ERR_INVALID_FILE', exitClass: 64 },
  {
    row: '4.3.6',
    text: 'an address of the entry point that is no dotted IPv4 address',
    code: 'ERR_INVALID_FILE',
    exitClass: 64,
  },
  { row: '4.3.7', text: 'a start order out of range', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.3.8', text: 'a guest OS that is not supported', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.3.9', text: 'lb.use=:unit: without tierlb.properties', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '4.3.10', text: 'a value behind a colon or a blank in place of =', code: 'ERR_INVALID_FILE', exitClass: 64 },
]

/** `version.properties` (spec §4.4). */
export const VERSION_PROPERTIES_ROWS: readonly SpecRow[] = [
  { row: '4.4.1', text: 'another interface version than the fixed one', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.4.2', text: 'another edition than the fixed one', code: 'ERR_INVALID_FILE', exitClass: 64 },
  {
    row: '4.4.3',
    text: 'comments, blanks and keys without value are ignored, the last of equal keys wins',
    exitClass: 0,
  },
  { row: '4.4.4', text: 'a character beyond ISO 8859-1', code: 'ERR_INVALID_FILE', exitClass: 64 },
]

/** `tierlb.properties` and `<LB id>.properties` (spec §4.5). */
export const BALANCER_PROPERTIES_ROWS: readonly SpecRow[] = [
  { row: '4.5.1', text: 'an unknown kind of load balancer', code: 'ERR_INVALID_FILE', exitClass: 64 },
  {
    row: '4.5.2',
    text: 'a management address that is no dotted IPv4 address',
    code: 'ERR_INVALID_FILE',
    exitClass: 64,
  },
  { row: '4.5.3', text: 'another protocol than API', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.5.4', text: 'a port out of range', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.5.5', text: 'without port and password: 443, and an empty one', exitClass: 0 },
  { row: '4.5.6', text: 'no user', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.5.7', text: 'a key of another file', code: 'ERR_INVALID_FILE', exitClass: 64 },
]

/** Scripts (spec §4.8); the errors are inferred. */
export const SCRIPT_ROWS: readonly SpecRow[] = [
  { row: '4.8.1', text: 'VMI_VIRTUALID is the identifier, and there are no arguments', exitClass: 0 },
  { row: '4.8.2', text: 'hook/ holds something else than the script', code: 'ERR_INVALID_DEFINITION', exitClass: 64 },
  { row: '4.8.3', text: 'the hook runs when a server is built for the first time, and then no more', exitClass: 0 },
  { row: '4.8.4', text: 'the hook fails', code: 'ERR_RUN_FAILED', exitClass: 64 },
  {
    row: '4.8.5',
    text: 'a user script that never ends is ended at its time limit',
    code: 'ERR_RUN_FAILED',
    exitClass: 64,
  },
  { row: '4.8.6', text: 'a script directory without user-script', code: 'ERR_INVALID_FILE', exitClass: 64 },
  { row: '4.8.7', text: 'a user script finds its files at userscript_dir/ where it begins', exitClass: 0 },
]
