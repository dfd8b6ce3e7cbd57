import type { GuestCommands } from './guest-lab.ts'

const MARKS = '/tmp/contract-marks'

/** The programs of a POSIX guest, for the lab of a guest access; the simulator knows as much of a shell as they need. */
export const posixCommands: GuestCommands = {
  succeed: ['true'],
  fail: { argv: ['sh', '-c', 'exit 7'], exitCode: 7 },
  print: (...words) => ['echo', ...words],
  printEnvironment: (name) => ['printenv', name],
  readFile: (path) => ['cat', path],
  overwriteFile: (path, line) => ['sh', '-c', `echo ${line} > ${path}`],
  sleep: (ms) => ['sleep', String(ms / 1000)],
  leaveMark: async (afterMs) => ['sh', '-c', `sleep ${afterMs / 1000}\necho mark >> ${MARKS}`],
  listMarks: ['cat', MARKS],
  script: '#!/bin/sh\necho ran\n',
}
