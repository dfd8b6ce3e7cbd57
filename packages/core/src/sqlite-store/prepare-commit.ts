import { canonicalJson } from '../internal/canonical-json.ts'
import type { Commit } from '../ports/index.ts'
import { assertCount, assertName } from './check-arguments.ts'

/** A commit as it goes to the database: checked, and its values as text, so that nobody can change them any more. */
export interface PreparedCommit {
  readonly lease: { readonly key: string; readonly token: number } | undefined
  /** `value` is null for a document to remove. */
  readonly put: readonly { readonly key: string; readonly revision: number; readonly value: string | null }[]
  readonly append: readonly {
    readonly run: string
    readonly seq: number
    readonly type: string
    readonly data: string | null
  }[]
  readonly forget: readonly string[]
}

/** Checks the arguments of a commit; a wrong type is a `TypeError`. */
export function prepareCommit({ lease, put = [], append = [], forget = [] }: Commit): PreparedCommit {
  if (lease !== undefined) {
    assertName(lease.key, 'The key of the lease')
    assertCount(lease.token, 1, 'The token of the lease')
  }
  return {
    lease: lease === undefined ? undefined : { key: lease.key, token: lease.token },
    put: put.map(({ key, revision, value }) => {
      assertName(key, 'The key of a document')
      assertCount(revision, 0, `The revision of ${key}`)
      return { key, revision, value: toText(value) }
    }),
    forget: forget.map((run) => {
      assertName(run, 'The run to forget')
      return run
    }),
    append: append.map(({ run, seq, type, data }) => {
      assertName(run, 'The run of a record')
      assertCount(seq, 1, `The seq of a record of ${run}`)
      assertName(type, `The type of a record of ${run}`)
      return { run, seq, type, data: toText(data) }
    }),
  }
}

function toText(value: unknown): string | null {
  return value === undefined ? null : canonicalJson(value)
}
