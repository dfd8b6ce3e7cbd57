import { createHash } from 'node:crypto'
import type { DefinitionSource, Tier } from '@vmunit/core'

/** A definition directory that exists in memory only. */
export function memoryDefinition(tiers: readonly Tier[], texts: Readonly<Record<string, string>>): DefinitionSource {
  const files = Object.entries(texts)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => ({
      path,
      hash: createHash('sha256').update(text).digest('hex'),
      sizeBytes: Buffer.byteLength(text),
      executable: text.startsWith('#!'),
    }))
  return {
    tiers,
    files,
    async *read(path) {
      yield Buffer.from(texts[path] ?? '')
    },
  }
}

/** A tier with an application that systemctl starts, stops and asks. */
export function tierOf(tier: Pick<Tier, 'id' | 'type' | 'startOrder' | 'template'> & { readonly pool?: string }): Tier {
  const { pool, ...rest } = tier
  return {
    ...rest,
    application: {
      start: ['systemctl', 'start', 'application'],
      stop: ['systemctl', 'stop', 'application'],
      health: ['systemctl', 'is-active', 'application'],
      startTimeoutMs: 2_000,
    },
    ...(pool !== undefined && { balancer: { name: 'edge', pool, port: 80, drainTimeoutMs: 1_000 } }),
    networks: { management: 'management', service: 'service' },
  }
}
