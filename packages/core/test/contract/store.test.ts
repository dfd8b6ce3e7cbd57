import { describe, it } from 'vitest'
import { testStateStore } from '../../src/testing/index.ts'
import { openSqliteStoreLab } from './labs/sqlite-store-lab.ts'

testStateStore({ runner: { describe, it }, create: openSqliteStoreLab })
