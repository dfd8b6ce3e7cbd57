import type { VirtualServer } from './management-unit.ts'

type Named = Pick<VirtualServer, 'slot' | 'member'>

/** Under which name a server is a member of the pool of its tier. */
export function poolNameOf({ slot, member = slot }: Named): string {
  return member
}

/**
 * Under which name a replacement enters the pool while the server is in it: the two take turns, so that it is clear
 * which one is meant, and no third name comes up.
 */
export function nextPoolNameOf({ slot, member }: Named): string {
  return member === undefined ? `${slot}/2` : slot
}
