/** The middle of some figures; at least one. */
export function median(figures: readonly number[]): number {
  if (figures.length === 0) throw new RangeError('A median needs at least one figure')
  const sorted = figures.toSorted((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] ?? Number.NaN
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN
  return (lower + upper) / 2
}
