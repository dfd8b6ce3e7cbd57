import type { Notice } from '@vmunit/core'

/** Who speaks, as the header of each message says. */
export interface SyslogSender {
  /** 0 to 23; 16 is `local0`. */
  readonly facility: number
  readonly hostname: string
  readonly appName: string
  readonly processId: string
  /** The private enterprise number in the name of the structured data. */
  readonly enterprise: number
}

const SEVERITIES = { error: 3, warning: 4, info: 6 } as const

/** One message of RFC 5424, with the facts of the notice as structured data. */
export function formatSyslog(notice: Notice, sender: SyslogSender): Buffer {
  const { facility, hostname, appName, processId, enterprise } = sender
  const header = [
    `<${facility * 8 + SEVERITIES[notice.severity]}>1`,
    new Date(notice.time).toISOString(),
    headerField(hostname, 255),
    headerField(appName, 48),
    headerField(processId, 128),
    headerField(notice.topic, 32),
  ].join(' ')
  const facts = Object.entries({ id: notice.id, run: notice.run, server: notice.server, request: notice.request })
  const data = facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${escapeValue(value)}"`]))
  const text = `${notice.subject}: ${notice.text}`.replaceAll(/\p{Cc}+/gu, ' ')
  // The byte order mark says that the message is UTF-8.
  return Buffer.from(`${header} [vmunit@${enterprise} ${data.join(' ')}] \uFEFF${text}`)
}

/** Fields of the header are printable ASCII without spaces; an empty one is a dash. */
function headerField(value: string, length: number): string {
  const field = value.replaceAll(/[^\u0021-\u007e]/g, '_').slice(0, length)
  return field === '' ? '-' : field
}

function escapeValue(value: string): string {
  return value.replaceAll(/["\\\]]/g, (character) => `\\${character}`).replaceAll(/\p{Cc}+/gu, ' ')
}
