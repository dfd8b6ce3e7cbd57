import type { Parser } from '../domain/plain.ts'
import { VmunitError } from '../errors/index.ts'
import { issueWording } from './issue-wording.ts'

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/**
 * Parses what a caller passed in.
 *
 * @throws {@link VmunitError} `ERR_INVALID_INPUT`, with every problem and its path in the details.
 */
export function parseInput<T>(parser: Parser<T>, value: unknown, what: string): T {
  try {
    return inPlainWords(parser)(value, { error: issueWording })
  } catch (error) {
    const issues = issuesOf(error)
    const [first] = issues
    const more = issues.length > 1 ? `, and ${issues.length - 1} more` : ''
    const text =
      first === undefined ? String(error) : `${first.path === '' ? 'it' : `${first.path}:`} ${first.message}${more}`
    throw new VmunitError('ERR_INVALID_INPUT', `The input of ${what} is not acceptable: ${text}.`, {
      cause: error,
      details: { issues },
    })
  }
}

type ParseWith<T> = (value: unknown, context: { readonly error: typeof issueWording }) => T

/** A zod schema takes the wording as a second argument; another parser has words of its own, and does not look at it. */
function inPlainWords<T>(parser: Parser<T>): ParseWith<T> {
  return parser.parse.bind(parser)
}

function issuesOf(error: unknown): readonly { readonly path: string; readonly message: string }[] {
  if (!(error instanceof Error) || !('issues' in error) || !Array.isArray(error.issues)) return []
  return error.issues.map(({ path, message }: Issue) => ({
    path: path.map(String).join('.'),
    message,
  }))
}
