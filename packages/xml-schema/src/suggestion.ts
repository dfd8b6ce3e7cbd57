/** ` (did you mean "x"?)` for the known word that is nearest to a mistyped one, or nothing when none is near. */
export function suggestion(word: string, known: readonly string[]): string {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const [best] = ranked
  if (best === undefined || best.distance > Math.max(2, best.candidate.length / 3)) return ''
  return ` (did you mean "${best.candidate}"?)`
}

/** How many characters must be added, left out or changed (Levenshtein); far words are not worth counting. */
function distance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > 12) return Number.POSITIVE_INFINITY
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [row, character] of [...from].entries()) {
    const current = [row + 1]
    for (let column = 1; column <= to.length; column++) {
      const change = (previous[column - 1] ?? 0) + (character === to[column - 1] ? 0 : 1)
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[to.length] ?? 0
}
