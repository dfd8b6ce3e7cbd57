import type { Operation } from '../ports/index.ts'
import { applyPatch } from './apply-patch/apply-patch.ts'
import { applyTemplate } from './apply-template/apply-template.ts'
import { attachGroups } from './attach-groups/attach-groups.ts'
import { block } from './block-servers/block.ts'
import { unblock } from './block-servers/unblock.ts'
import { collectLogs } from './collect-logs/collect-logs.ts'
import { createTemplate } from './create-template/create-template.ts'
import { deleteUnit } from './delete-unit/delete-unit.ts'
import { detachGroups } from './detach-groups/detach-groups.ts'
import { endQuarantine } from './end-quarantine/end-quarantine.ts'
import { importDefinition } from './import-definition/import-definition.ts'
import { mark } from './mark-group/mark.ts'
import { unmark } from './mark-group/unmark.ts'
import { patchTemplate } from './patch-template/patch-template.ts'
import { power } from './power-servers/power-servers.ts'
import { recoverServer } from './recover-server/recover-server.ts'
import { requestResources } from './request-resources/request-resources.ts'
import { retireTemplate } from './retire-template/retire-template.ts'
import { runScript } from './run-script/run-script.ts'
import { scaleIn } from './scale-in/scale-in.ts'
import { scaleOut } from './scale-out/scale-out.ts'
import { start } from './start-servers/start-servers.ts'
import { stop } from './stop-servers/stop-servers.ts'
import { updateUnit } from './update-unit/update-unit.ts'

/** The operations that every manager has, so that a run finds its operation by name after a restart. */
export const BUILT_IN_OPERATIONS: readonly Operation[] = [
  applyPatch,
  applyTemplate,
  attachGroups,
  block,
  createTemplate,
  deleteUnit,
  collectLogs,
  detachGroups,
  endQuarantine,
  importDefinition,
  mark,
  patchTemplate,
  power,
  recoverServer,
  retireTemplate,
  runScript,
  scaleIn,
  scaleOut,
  requestResources,
  start,
  stop,
  unblock,
  unmark,
  updateUnit,
]
