import { quote } from './issues.ts'

/** What zod is to say about a value that is missing or is not `what`; the name of the value goes before it. */
export function mustBe(what: string): { readonly error: (issue: { readonly input?: unknown }) => string } {
  return {
    error: ({ input }) => {
      return input === undefined ? `is missing, it must be ${what}` : `must be ${what}, but is ${quote(input)}`
    },
  }
}
