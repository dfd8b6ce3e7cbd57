/** Makes a script tell its process id, so that it can be ended. Costs no process and no packet of its own. */
export const PID_LINE = 'echo "vmunit-pid $$" >&2\n'

const PATTERN = /^vmunit-pid (\d+)\n/m

/** How much a login shell may say before the line comes. */
const LONGEST_PREFIX = 65_536

/** Finds the line in what comes on standard error, and takes it out. */
export interface PidLine {
  readonly pid: Promise<number>
  /** What of this is not the line. Bytes are held back until the line has come. */
  take(chunk: Buffer): Buffer
  /** What is held back still when nothing more comes. */
  rest(): Buffer
}

/** Watches the standard error of one process. */
export function createPidLine(): PidLine {
  const { promise: pid, resolve } = Promise.withResolvers<number>()
  let held: Buffer = Buffer.alloc(0)
  let isFound = false
  return {
    pid,
    rest: () => (isFound ? Buffer.alloc(0) : held),
    take(chunk) {
      if (isFound) return chunk
      held = Buffer.concat([held, chunk])
      const match = PATTERN.exec(held.toString('latin1'))
      if (match === null && held.length < LONGEST_PREFIX) return Buffer.alloc(0)
      isFound = true
      if (match === null) return held
      resolve(Number(match[1]))
      return Buffer.concat([held.subarray(0, match.index), held.subarray(match.index + match[0].length)])
    },
  }
}
