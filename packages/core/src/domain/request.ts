import type { Plain } from './plain.ts'

/**
 * What kind of answer is asked for: consent of a second person, word that somebody has done some work, or resources
 * that the resource manager provides or takes back.
 */
export type RequestKind = 'approval' | 'work' | 'resources'

/** What somebody answered. */
export interface Answer {
  /** False: the person declines. */
  readonly approve: boolean
  readonly by: string
  /** By the store's clock. */
  readonly time: number
  /** For people: why, or what to heed. */
  readonly note?: string | undefined
  /** What was asked for, such as the servers that were provided. */
  readonly content?: Plain
}
