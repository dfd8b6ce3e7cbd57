import { VmunitError } from '../errors.ts'

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

/** More than the lists of a million files; a guest that says more is not to fill our memory. */
const MOST_BYTES = 2 ** 28

/** Collects what a process says; whoever waits for more rejects with what `ended` rejects with. */
export function createDialogue(ended: Promise<never>, mostBytes: number = MOST_BYTES): Dialogue {
  const pieces: Buffer[] = []
  let length = 0
  let wake: (() => void) | undefined

  async function more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = resolve
    await Promise.race([promise, ended])
  }

  function held(): Buffer {
    const whole = Buffer.concat(pieces)
    pieces.splice(0, pieces.length, whole)
    return whole
  }

  function cut(count: number): Buffer {
    const whole = held()
    pieces.splice(0, pieces.length, whole.subarray(count))
    length -= count
    return whole.subarray(0, count)
  }

  return {
    take(chunk) {
      if (length > mostBytes) return
      pieces.push(chunk)
      length += chunk.length
      wake?.()
    },
    async line() {
      for (;;) {
        const end = held().indexOf(10)
        if (end !== -1) return cut(end + 1).toString('latin1', 0, end)
        if (length > LINE_BYTES) throw otherAnswer()
        await more()
      }
    },
    async bytes(count) {
      if (!(count <= mostBytes)) throw otherAnswer()
      while (length < count) await more()
      return cut(count)
    },
  }
}

/** A guest says something that its script does not say. */
export function otherAnswer(): VmunitError {
  return new VmunitError(
    'ERR_DRIVER',
    'The guest answers with something else. Its login shell must be a POSIX shell that itself says nothing.',
  )
}
