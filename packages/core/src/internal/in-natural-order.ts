/** Orders things by their names as people count: `vmgroup_2` comes before `vmgroup_10`. */
export function inNaturalOrder<T extends { readonly name: string }>(things: readonly T[]): readonly T[] {
  return things
    .map((thing) => ({ thing, key: keyOf(thing.name) }))
    .toSorted((a, b) => compare(a.key, b.key) || compare(a.thing.name, b.thing.name))
    .map(({ thing }) => thing)
}

/** The name with the length of each number before it, so that the longer number is the greater text. */
function keyOf(name: string): string {
  return name.replace(/0*(\d+)/g, (_, digits: string) => String.fromCodePoint(digits.length) + digits)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
