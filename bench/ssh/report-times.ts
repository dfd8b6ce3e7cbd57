import { median } from '../median.ts'
import type { Report } from '../report.ts'

/** Milliseconds of several rounds, by what was measured. */
export type Times = Readonly<Record<string, readonly number[]>>

/** Which times a row sets against which. */
export interface Comparison {
  readonly name: string
  readonly ours: string
  readonly peer: string
  readonly peerName: string
  readonly bar: number
}

/** Reports the median of our times beside that of a peer's. */
export function reportTimes(report: Report, times: Times, { name, ours, peer, peerName, bar }: Comparison): void {
  const [value, other] = [ours, peer].map((key) => median(times[key] ?? [])) as [number, number]
  report({ name, value, peer: other, ratio: value / other, bar, unit: 'ms', peerName })
}
