/** JSON, written as aliases can satisfy it. Everything in a plan, a document or a journal is `Plain`. */
export type Plain = null | undefined | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain }

/** Turns stored or foreign data into `T`, or throws. A zod schema fits; no zod type is public. */
export interface Parser<T> {
  parse(value: unknown): T
}
