import { VmunitError } from '@vmunit/core'

/** Reads the answers of a script piece by piece. */
export interface Dialogue {
  readonly take: (chunk: Buffer) => void
  /** The next line, without its end. */
  line(): Promise<string>
  /** So many bytes. */
  bytes(count: number): Promise<Buffer>
}

/** The longest line that a script of ours says. */
const LINE_BYTES = 4_096

/** Collects what a process says; whoever waits for more rejects with what `ended` rejects with. */
export function createDialogue(ended: Promise<never>): Dialogue {
  let held: Buffer = Buffer.alloc(0)
  let wake: (() => void) | undefined

  async function more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = resolve
    await Promise.race([promise, ended])
  }

  function cut(length: number): Buffer {
    const taken = held.subarray(0, length)
    held = held.subarray(length)
    return taken
  }

  return {
    take(chunk) {
      held = Buffer.concat([held, chunk])
      wake?.()
    },
    async line() {
      for (;;) {
        const end = held.indexOf(10)
        if (end !== -1) return cut(end + 1).toString('latin1', 0, end)
        if (held.length > LINE_BYTES) {
          throw new VmunitError(
            'ERR_DRIVER',
            'The guest answers with something else. Its login shell must be a POSIX shell.',
          )
        }
        await more()
      }
    },
    async bytes(count) {
      while (held.length < count) await more()
      return cut(count)
    },
  }
}
