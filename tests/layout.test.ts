import { describe, expect, it } from 'vitest'
import { findLayoutProblems } from '../scripts/layout.ts'
import { temporaryFolder } from './temporary-folder.ts'

interface Wrong {
  readonly file: string
  readonly source: string
  readonly message: string
}

const core = 'packages/core/src'

const WRONG: readonly Wrong[] = [
  {
    file: `${core}/domain/a.ts`,
    source: "import { runLoop } from '../engine/run-loop.ts'\n",
    message: 'may not import from engine: ../engine/run-loop.ts',
  },
  {
    file: `${core}/domain/b.ts`,
    source: "import { readFileSync } from 'node:fs'\n",
    message: 'may not use node:fs',
  },
  {
    file: `${core}/domain/c.ts`,
    source: "import type {\n  A,\n  B,\n} from '../ports/index.ts'\n",
    message: 'may not import from ports: ../ports/index.ts',
  },
  {
    file: `${core}/ports/a.ts`,
    source: "import { checkSlot } from '../domain/slot.ts'\n",
    message: 'may import types only, but imports ../domain/slot.ts',
  },
  {
    file: `${core}/ports/b.ts`,
    source: "export type { RunLoop } from '../engine/run-loop.ts'\n",
    message: 'may not import from engine: ../engine/run-loop.ts',
  },
  {
    file: `${core}/engine/a.ts`,
    source: "import { connectVsphere } from '@vmunit/driver-vsphere'\n",
    message: 'may not import @vmunit/driver-vsphere',
  },
  {
    file: `${core}/engine/b.ts`,
    source: "export const parser = async () => await import('fast-xml-parser')\n",
    message: 'may not import fast-xml-parser',
  },
  {
    file: `${core}/engine/c.ts`,
    source: "import { roll } from '../operations/roll/index.ts'\n",
    message: 'may not import from operations: ../operations/roll/index.ts',
  },
  {
    file: `${core}/engine/d.ts`,
    source: "import { openSqliteStore } from '../sqlite-store/index.ts'\n",
    message: 'may not import from sqlite-store: ../sqlite-store/index.ts',
  },
  {
    file: `${core}/operations/a/a.ts`,
    source: "import { createWorld } from '../../testing/index.ts'\n",
    message: 'may not import from testing: ../../testing/index.ts',
  },
  {
    file: `${core}/sqlite-store/a.ts`,
    source: "import { runLoop } from '../engine/run-loop.ts'\n",
    message: 'may not import from engine: ../engine/run-loop.ts',
  },
  {
    file: `${core}/testing/a.ts`,
    source: "import { openSqliteStore } from '../sqlite-store/index.ts'\n",
    message: 'may not import from sqlite-store: ../sqlite-store/index.ts',
  },
  {
    file: `${core}/internal/a.ts`,
    source: "import * as z from 'zod'\n",
    message: 'may not import zod',
  },
  {
    file: `${core}/errors/a.ts`,
    source: "import '../domain/slot.ts'\n",
    message: 'may not import from domain: ../domain/slot.ts',
  },
  {
    file: `${core}/index.ts`,
    source: "export { createWorld } from './testing/index.ts'\n",
    message: 'may not import from testing: ./testing/index.ts',
  },
  {
    file: `${core}/surprise/a.ts`,
    source: "import { a } from './b.ts'\n",
    message: 'stands in a layer without rules: add surprise to scripts/layout-rules.ts',
  },
  {
    file: `${core}/engine/e.ts`,
    source: "import { helper } from '../../test/helper.ts'\n",
    message: 'imports what is not published: ../../test/helper.ts',
  },
  {
    file: 'packages/xml-schema/src/a.ts',
    source: "import { canonicalJson } from '@vmunit/core/src/internal/canonical-json.ts'\n",
    message: 'imports the inside of a package: @vmunit/core/src/internal/canonical-json.ts',
  },
  {
    file: 'packages/xml-schema/src/b.ts',
    source: "import { canonicalJson } from '../../core/src/internal/canonical-json.ts'\n",
    message: 'reaches out of its package: ../../core/src/internal/canonical-json.ts',
  },
  {
    file: 'packages/xml-schema/src/c.ts',
    source: "import { createWorld } from '@vmunit/core/testing'\n",
    message: 'may not import @vmunit/core/testing',
  },
  {
    file: 'packages/xml-schema/test/unit/a.test.ts',
    source: "import { a } from '../../../core/src/index.ts'\n",
    message: 'reaches out of its package: ../../../core/src/index.ts',
  },
  {
    file: 'packages/surprise/src/index.ts',
    source: "import * as z from 'zod'\n",
    message: 'belongs to a package without rules: add surprise to scripts/layout-rules.ts',
  },
]

const ALLOWED: Readonly<Record<string, string>> = {
  [`${core}/domain/a.ts`]: "import { VmunitError } from '../errors/index.ts'\nimport * as z from 'zod'\n",
  [`${core}/ports/a.ts`]: "import type { Slot } from '../domain/slot.ts'\nimport type { Call } from './call.ts'\n",
  [`${core}/engine/a.ts`]:
    "import { channel } from 'node:diagnostics_channel'\nimport { sha256 } from '../internal/sha256.ts'\n",
  [`${core}/operations/a/a.ts`]: "import { b } from '../roll/b.ts'\nimport { plan } from '../../engine/plan.ts'\n",
  [`${core}/testing/a.ts`]:
    "/**\n * import { b } from '../engine/b.ts'\n */\nimport assert from 'node:assert/strict'\n",
  'packages/core/test/unit/a.test.ts': "import { runLoop } from '../../src/engine/run-loop.ts'\n",
  'packages/xml-schema/src/a.ts':
    "import { XMLParser } from 'fast-xml-parser'\nimport { ERROR_CODES } from '@vmunit/core'\n",
}

describe('the layout of the packages', () => {
  it.each(WRONG)('forbids that $file $message', ({ file, source, message }) => {
    using folder = temporaryFolder({ [file]: source })
    expect(findLayoutProblems(folder.path)).toEqual([{ file, message }])
  })

  it('allows what the layers are for', () => {
    using folder = temporaryFolder(ALLOWED)
    expect(findLayoutProblems(folder.path)).toEqual([])
  })
})
