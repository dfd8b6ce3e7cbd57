import { ACCOUNT_CREATE_ROWS } from './account-create.ts'
import { ACCOUNT_DELETE_ROWS } from './account-delete.ts'
import { ACCOUNT_PASSWORD_ROWS } from './account-password.ts'
import { ATTACH_GROUPS_ROWS } from './attach-groups.ts'
import { BLOCK_SERVERS_ROWS } from './block-servers.ts'
import { COMMON_ROWS } from './common.ts'
import { DEFINITION_COMPARE_ROWS } from './definition-compare.ts'
import { DEFINITION_EXPORT_ROWS } from './definition-export.ts'
import { DEFINITION_IMPORT_ROWS } from './definition-import.ts'
import { DETACH_GROUPS_ROWS } from './detach-groups.ts'
import { EXCLUSION_ROWS } from './exclusion.ts'
import {
  BALANCER_PROPERTIES_ROWS,
  DEFINITION_DIRECTORY_ROWS,
  GROUP_FILE_ROWS,
  SCRIPT_ROWS,
  TIER_PROPERTIES_ROWS,
  VERSION_PROPERTIES_ROWS,
} from './files.ts'
import { GROUP_MARK_ROWS } from './group-mark.ts'
import { DIRECTORY_ROWS, ROLE_ROWS } from './modes-and-roles.ts'
import { RUN_SCRIPT_ROWS } from './run-script.ts'
import type { SpecRow } from './spec-row.ts'
import { BALANCER_ROWS, START_ROWS, STOP_ROWS } from './start-stop.ts'
import { UNIT_CHANGE_OWNER_ROWS } from './unit-change-owner.ts'
import { UNIT_CREATE_ROWS } from './unit-create.ts'
import { UNIT_DELETE_ROWS } from './unit-delete.ts'
import { UNIT_INFO_ROWS } from './unit-info.ts'
import { UNIT_LIST_ROWS } from './unit-list.ts'
import { UNIT_STATUS_ROWS } from './unit-status.ts'
import { UNIT_UPDATE_ROWS } from './unit-update.ts'

/** The rows of one section of the specification. */
export interface SpecSection {
  /** A command of the original, or what the section is about. */
  readonly title: string
  readonly rows: readonly SpecRow[]
}

/** Every section that has rows, in the order of the specification. */
export const SPEC_SECTIONS: readonly SpecSection[] = [
  { title: 'User authentication linkage', rows: DIRECTORY_ROWS },
  { title: 'Roles', rows: ROLE_ROWS },
  { title: 'Exclusivity', rows: EXCLUSION_ROWS },
  { title: 'All commands', rows: COMMON_ROWS },
  { title: 'vmiaccount create', rows: ACCOUNT_CREATE_ROWS },
  { title: 'vmiaccount delete', rows: ACCOUNT_DELETE_ROWS },
  { title: 'vmiaccount: password and list', rows: ACCOUNT_PASSWORD_ROWS },
  { title: 'vmiunitadmin create', rows: UNIT_CREATE_ROWS },
  { title: 'vmiunitadmin delete', rows: UNIT_DELETE_ROWS },
  { title: 'vmiunitadmin changeowner', rows: UNIT_CHANGE_OWNER_ROWS },
  { title: 'vmiunitadmin list', rows: UNIT_LIST_ROWS },
  { title: 'vmiunit import', rows: DEFINITION_IMPORT_ROWS },
  { title: 'vmiunit export', rows: DEFINITION_EXPORT_ROWS },
  { title: 'vmiunit compare', rows: DEFINITION_COMPARE_ROWS },
  { title: 'vmiunit attach', rows: ATTACH_GROUPS_ROWS },
  { title: 'vmiunit detach', rows: DETACH_GROUPS_ROWS },
  { title: 'vmiunit update', rows: UNIT_UPDATE_ROWS },
  { title: 'vmiunit start', rows: START_ROWS },
  { title: 'vmiunit stop', rows: STOP_ROWS },
  { title: 'vmiunit block and unblock', rows: BLOCK_SERVERS_ROWS },
  { title: 'vmiunit info', rows: UNIT_INFO_ROWS },
  { title: 'vmiunit status', rows: UNIT_STATUS_ROWS },
  { title: 'vmiunit list, mark and unmark', rows: GROUP_MARK_ROWS },
  { title: 'Load balancer', rows: BALANCER_ROWS },
  { title: 'vmiunit script', rows: RUN_SCRIPT_ROWS },
  { title: 'Virtual server group information file', rows: GROUP_FILE_ROWS },
  { title: 'Definition directory', rows: DEFINITION_DIRECTORY_ROWS },
  { title: 'tier.properties', rows: TIER_PROPERTIES_ROWS },
  { title: 'version.properties', rows: VERSION_PROPERTIES_ROWS },
  { title: 'tierlb.properties', rows: BALANCER_PROPERTIES_ROWS },
  { title: 'Scripts', rows: SCRIPT_ROWS },
]
