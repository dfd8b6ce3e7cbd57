export {
  backupSqliteStore,
  checkSqliteStore,
  repairSqliteStore,
  restoreSqliteStore,
  type StoreProblem,
} from './backup-store.ts'
export type { CopiedStore } from './copy-store.ts'
export { openSqliteStore, type SqliteStoreOptions } from './open-sqlite-store.ts'
