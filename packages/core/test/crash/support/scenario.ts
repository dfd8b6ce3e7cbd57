import { applyTemplate, type Manager, type Plan } from '@vmunit/core'
import type { BaseName, Bases } from './bases.ts'
import { GROUPS, UNIT } from './fleet-parts.ts'

/** One operation on a prepared fleet. */
export interface Scenario {
  readonly name: string
  readonly base: BaseName
  readonly ends: 'succeeded' | 'failed'
  /** How many groups of the unit serve at any moment. */
  readonly serving: number
  /** How many groups are in work at once. */
  readonly width: number
  /** What people answer to the questions of the run; without it nobody is there. */
  readonly provided?: object
  plan(manager: Manager, bases: Pick<Bases, 'nextDefinition' | 'script'>): Promise<Plan>
}

/** The number of groups of the unit. */
export const ALL = GROUPS.length

/** A version of the template that the unit's servers are made from. */
export const version = (number: number): { readonly template: string; readonly version: number } => ({
  template: 'web-base',
  version: number,
})

/** All time. */
export const PERIOD = { from: 0, until: 4_102_444_800_000 }

/** Rolls the unit out to the version that works. */
export const ROLL = { unit: UNIT, template: version(2), allowOutage: true }

/** The main job: one group after another while the others serve. */
export const ROLLING: Scenario = {
  name: 'applyTemplate, rolling',
  base: 'patched',
  ends: 'succeeded',
  serving: ALL - 1,
  width: 1,
  plan: (manager) => manager.plan(applyTemplate, ROLL),
}
