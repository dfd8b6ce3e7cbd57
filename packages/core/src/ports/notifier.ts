import type { Call } from './call.ts'

/** Something that people or programs should hear about. */
export interface Notice {
  /** The same notice has the same id, also when it is delivered twice: `<run>#<sequence number>`. */
  readonly id: string
  /** When it happened, in milliseconds since 1970. */
  readonly time: number
  /** `request`: somebody is asked; `fault`: something failed; `run`: a run came to its end. */
  readonly topic: 'request' | 'fault' | 'run'
  readonly severity: 'info' | 'warning' | 'error'
  /** One line. */
  readonly subject: string
  readonly text: string
  readonly run?: string | undefined
  /** The slot that it is about. */
  readonly server?: string | undefined
  /** For `manager.answer`. */
  readonly request?: string | undefined
}

/** Brings notices to people and programs: by mail, web hook or syslog. Resolves when the other side has taken it. */
export interface Notifier {
  /** An error that is retryable makes the caller try again; any other one stops the delivery. */
  notify(notice: Notice, call?: Call): Promise<void>
}
