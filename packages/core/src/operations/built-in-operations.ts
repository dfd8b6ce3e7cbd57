import type { Operation } from '../ports/index.ts'
import { applyTemplate } from './apply-template/apply-template.ts'
import { attachGroups } from './attach-groups/attach-groups.ts'
import { detachGroups } from './detach-groups/detach-groups.ts'
import { importDefinition } from './import-definition/import-definition.ts'
import { mark } from './mark-group/mark.ts'
import { unmark } from './mark-group/unmark.ts'
import { patchTemplate } from './patch-template/patch-template.ts'
import { power } from './power-servers/power-servers.ts'
import { start } from './start-servers/start-servers.ts'
import { stop } from './stop-servers/stop-servers.ts'
import { updateUnit } from './update-unit/update-unit.ts'

/** The operations that every manager has, so that a run finds its operation by name after a restart. */
export const BUILT_IN_OPERATIONS: readonly Operation[] = [
  applyTemplate,
  attachGroups,
  detachGroups,
  importDefinition,
  mark,
  patchTemplate,
  power,
  start,
  stop,
  unmark,
  updateUnit,
]
