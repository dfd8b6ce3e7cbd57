import type { Notice } from '@vmunit/core'

/** A notice as runs make them, with everything in it that formats could trip over. */
export const NOTICE: Notice = {
  id: '20260105T101112000-stop-1a2b3c4d#7',
  time: Date.UTC(2026, 0, 5, 10, 11, 12),
  topic: 'fault',
  severity: 'error',
  subject: 'vmgroup_1 failed in stop on gyoumu_a\r\nBcc: everybody@example.com',
  text: '業務 "stop" ended ] with \\ exit code 3\nsecond line',
  run: '20260105T101112000-stop-1a2b3c4d',
  server: 'vmgroup_1/web/0',
}
