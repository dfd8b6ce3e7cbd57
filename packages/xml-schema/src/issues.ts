import { type ErrorCode, VmunitError } from '@vmunit/core'

/** One problem of a file, and where it is. */
export interface FileIssue {
  /** Of an XML file the element or attribute (`/virtualserver-info/group[2]/@name`), else the file's path. */
  readonly path: string
  /** Counts from 1; absent when the problem concerns no line. */
  readonly line?: number | undefined
  /** Counts from 1; XML only. */
  readonly column?: number | undefined
  /** A phrase that says what is wrong and how it should be. */
  readonly message: string
}

/** The error for a file with problems: its message tells the first of them, `details.issues` has all. */
export function issuesError<C extends ErrorCode>(
  code: C,
  issues: readonly FileIssue[],
  remedy: string,
): VmunitError<C> {
  const [first] = issues
  if (first === undefined) throw new TypeError('There is no issue to make an error of.')
  const more = issues.length - 1
  const others = more === 0 ? '' : ` (and ${more} more ${more === 1 ? 'problem' : 'problems'}, see details.issues)`
  return new VmunitError(code, `${placeOf(first)}: ${first.message}${others}; ${remedy}.`, { details: { issues } })
}

function placeOf({ path, line }: FileIssue): string {
  return line === undefined ? path : `${path}, line ${line}`
}

/** A value as a message shows it: quoted, and cut when it is long. */
export function quote(value: unknown): string {
  const text = String(value)
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 97)}...` : text)
}
