import type { Call } from './call.ts'

/** Brings a notice to people: by mail, web hook or syslog. */
export interface Notifier {
  notify(
    notice: { readonly severity: 'info' | 'warning' | 'error'; readonly subject: string; readonly text: string },
    call?: Call,
  ): Promise<void>
}
