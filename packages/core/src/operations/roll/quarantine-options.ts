/** What is kept of machines that fail, and for how long. */
export interface QuarantineOptions {
  /** How many machines of the groups of the plan may be kept at once; beyond that the oldest are removed. Default: any number. */
  readonly servers?: number | undefined
  /** How long one may be kept, in milliseconds; the way back of a plan removes those that were kept longer. Default: for ever. */
  readonly forMs?: number | undefined
  /** Files and directories of the guest that are collected before the machine is switched off. Default `/var/log`. */
  readonly paths?: readonly string[] | undefined
  /** How much is collected of one machine. Default 16 MiB. */
  readonly maxBytes?: number | undefined
  /** How long it may take to collect it. Default 60,000. */
  readonly limitMs?: number | undefined
}
