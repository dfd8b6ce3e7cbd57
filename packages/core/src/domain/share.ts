/** A number of groups, or a part of all groups in per cent. */
export type Share = number | `${number}%`

/**
 * How many of `total` a share is, rounded as Kubernetes rounds: what may be unavailable is rounded down,
 * what may be added is rounded up.
 */
export function countOf(share: Share, total: number, round: 'down' | 'up'): number {
  if (typeof share === 'number') return share
  const exact = (Number.parseFloat(share) * total) / 100
  return round === 'down' ? Math.floor(exact) : Math.ceil(exact)
}

/** How many groups a wave may disturb at once: at least one, or it would never end. */
export function waveWidth(share: Share, total: number): number {
  return Math.max(1, countOf(share, total, 'down'))
}

/** How many groups of a wave may be in work at once: as many as it may disturb, or have a replacement beside them. */
export function widthInWork(
  { groups, surge }: { readonly groups: Share; readonly surge?: Share | undefined },
  total: number,
): number {
  const width = waveWidth(groups, total)
  return surge === undefined ? width : Math.min(width, Math.max(1, countOf(surge, total, 'up')))
}
