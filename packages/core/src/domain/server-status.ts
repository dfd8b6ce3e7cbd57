/**
 * What the manager last did with a server (spec §2.4). What the drivers see is the observed status;
 * a difference between the two is the hint of a fault.
 */
export type LogicalStatus =
  | 'initial'
  | 'stopped'
  | 'working'
  | 'updating'
  | 'starting'
  | 'stopping'
  | 'fault(updating)'
  | 'fault(starting)'
  | 'fault(stopping)'

/** What is done to a server: it reflects its definition, starts, or stops. */
export type ServerVerb = 'update' | 'start' | 'stop'

interface Passage {
  readonly from: readonly LogicalStatus[]
  readonly during: LogicalStatus
  readonly done: LogicalStatus
  readonly failed: LogicalStatus
}

/**
 * The legal transitions, as one table. A fault leaves by repeating what failed, or by stopping; a server that a
 * crashed run left in the middle leaves by repeating that too.
 */
export const TRANSITIONS: Readonly<Record<ServerVerb, Passage>> = {
  update: {
    from: ['initial', 'stopped', 'updating', 'fault(updating)', 'fault(starting)', 'fault(stopping)'],
    during: 'updating',
    done: 'stopped',
    failed: 'fault(updating)',
  },
  start: {
    from: ['stopped', 'working', 'starting', 'fault(starting)', 'fault(stopping)'],
    during: 'starting',
    done: 'working',
    failed: 'fault(starting)',
  },
  stop: {
    from: ['working', 'starting', 'stopping', 'stopped', 'fault(starting)', 'fault(stopping)'],
    during: 'stopping',
    done: 'stopped',
    failed: 'fault(stopping)',
  },
}

/** Whether a server in this status may be updated, started or stopped. */
export function mayPass(status: LogicalStatus, verb: ServerVerb): boolean {
  return TRANSITIONS[verb].from.includes(status)
}

/** The status of a server while a verb is under way, after it succeeded, and after it failed. */
export function passage(verb: ServerVerb): Omit<Passage, 'from'> {
  return TRANSITIONS[verb]
}
