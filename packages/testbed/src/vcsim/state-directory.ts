import { join } from 'node:path'

/** Where the testbed keeps what outlives a process: built programs, locks, leftovers to clean. Git ignores it. */
export const defaultStateDirectory: string = join(import.meta.dirname, '../../../../.state/testbed')
