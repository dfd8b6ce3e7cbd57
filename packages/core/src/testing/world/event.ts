/** When something happened: `seq` counts from 1 without gaps, `time` is the world's clock. */
export interface EventHead {
  readonly seq: number
  readonly time: number
}

/** A call that changes the world has arrived. */
export interface BegunEvent {
  readonly type: 'begun'
  readonly caller: string
  /** `hypervisor.create`, `guests.startJob`, `balancer.traffic` … */
  readonly call: string
  readonly subject: string
  readonly operationId?: string | undefined
  /** When its caller sent it, by the caller's clock; absent for calls that came over no socket. */
  readonly sentAt?: number | undefined
}

/** A call has ended, whether or not anybody still waits for it. */
export interface CallEvent {
  readonly type: 'call'
  readonly caller: string
  readonly call: string
  readonly mutating: boolean
  readonly subject: string
  readonly operationId?: string | undefined
  /** `ok`, or the code of the error. */
  readonly outcome: string
  /** The call took effect, and its caller was told that it failed. */
  readonly lost?: boolean | undefined
  /** `seq` of its `begun` event. */
  readonly began?: number | undefined
}

/** A machine began or ceased to serve. Unit and slot are null while it bears no marker of its own. */
export interface ServingEvent {
  readonly type: 'serving'
  readonly unit: string | null
  readonly slot: string | null
  readonly machine: string
  readonly serving: boolean
}

/** One line of a world's log. */
export type WorldEvent = EventHead & (BegunEvent | CallEvent | ServingEvent)
