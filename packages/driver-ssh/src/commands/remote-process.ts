import { constants } from 'node:os'
import type { ClientChannel } from 'ssh2'
import type { Channels } from '../connection/channels.ts'
import type { Link } from '../connection/link.ts'
import { VmunitError } from '../errors.ts'
import { createPidLine, PID_LINE } from './pid-line.ts'
import { type ShellText, scriptBytes } from './quote.ts'

/** A connection on which processes are started. */
export interface Session {
  readonly link: Link
  readonly channels: Channels
}

export interface ProcessSpec {
  readonly script: ShellText
  /** Whether it reads what is written to it. */
  readonly readsInput?: boolean | undefined
  /** Whether others in the guest must not see the script, as they see the command line of every process. */
  readonly isSecret?: boolean | undefined
  /** Whether all of its output is waited for, however long it takes: nothing that it leaves behind holds it open. */
  readonly endsWithOutput?: boolean | undefined
  /**
   * For what changes the guest. Asked when its channel is open, directly before the script leaves, and again before
   * everything that is written to it: what it throws, the process ends with.
   */
  readonly permit?: (() => void) | undefined
  readonly onStart?: (() => void) | undefined
  readonly onStdout: (chunk: Buffer) => void
  readonly onStderr: (chunk: Buffer) => void
  readonly signal?: AbortSignal | undefined
}

/** A script that runs in a guest. */
export interface RemoteProcess {
  /** The exit code, 128 and more for a signal, when all output was given. Rejects when the connection is lost. */
  readonly exit: Promise<number>
  /** Gives it bytes to read; resolves when there is room for more, also when it reads no longer. */
  write(bytes: Uint8Array): Promise<void>
  /** Says that there is nothing more to read. */
  end(): void
  /** Stops taking output, so that the guest waits, and goes on. */
  pause(): void
  resume(): void
  /** Ends it in the guest, and what it started. Waits for nothing. */
  kill(): void
}

/** What is longer than this is not given as a command line: one word of it has a limit of 128 KiB. */
const COMMAND_LINE_BYTES = 32_768

/** What a shell says that lacks the program by which it would read its script. */
const LACKS_READER = 84

/** Who keeps the output of an ended command open for so long without a word is a service that it left behind. */
const SILENCE_MS = 1_000

/** Starts a script in a guest, in a process group of its own; waits for room on the connection if it must. */
export function startProcess({ link, channels }: Session, spec: ProcessSpec): RemoteProcess {
  const { promise: exit, resolve, reject } = Promise.withResolvers<number>()
  const pidLine = createPidLine()
  const script = scriptBytes(`${PID_LINE}${spec.script}`)
  // A command line leaves when the server has consented to a channel, and nobody can be asked at that moment.
  const inline = spec.permit === undefined && spec.isSecret !== true && script.length <= COMMAND_LINE_BYTES
  let channel: ClientChannel | undefined
  let isOver = false
  let isPaused = false
  let isEnded = false
  let isKilled = false
  let silence: NodeJS.Timeout | undefined
  const stopListening = link.onLost((reason) => settle(() => reject(reason)))
  exit.catch(() => {})

  function settle(how: () => void): void {
    if (isOver) return
    isOver = true
    clearTimeout(silence)
    stopListening()
    how()
  }

  /** Says whether bytes may leave now; if not, it is over for the caller. */
  function mayLeave(): boolean {
    try {
      spec.permit?.()
      return true
    } catch (reason) {
      settle(() => reject(reason))
      return false
    }
  }

  function attach(opened: ClientChannel): void {
    channel = opened
    let status: number | undefined
    let open = 2
    const heard = (): void => void (isOver || silence?.refresh())
    const onClose = (): void => {
      open -= 1
      if (open > 0) return
      const rest = pidLine.rest()
      if (rest.length > 0 && !isOver) spec.onStderr(rest)
      settle(() => (status === undefined ? reject(lostCommand(link)) : resolve(status)))
    }
    opened.on('error', () => {})
    opened.on('exit', (code: number | null, signal?: string) => {
      const exitCode = code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
      status = exitCode
      if (spec.endsWithOutput === true) return
      silence = setTimeout(() => {
        settle(() => resolve(exitCode))
        opened.close()
      }, SILENCE_MS)
    })
    opened.on('data', (chunk: Buffer) => {
      heard()
      if (!isOver) spec.onStdout(chunk)
    })
    opened.stderr.on('data', (chunk: Buffer) => {
      heard()
      const rest = pidLine.take(chunk)
      if (rest.length > 0 && !isOver) spec.onStderr(rest)
    })
    opened.once('close', onClose)
    opened.stderr.once('close', onClose)
    if (isPaused) opened.pause()
    if (isKilled || !mayLeave()) {
      opened.close()
      return
    }
    if (!inline) opened.write(script)
    if (isEnded) opened.end()
    spec.onStart?.()
  }

  function kill(): void {
    // Also when it is over for the caller: an aborted command still runs in the guest.
    isKilled = true
    isPaused = false
    channel?.resume()
    const { pid } = pidLine
    pid.then((group) => endGroup(channels, group)).catch(() => {})
    // Closing comes after: sshd forgets the process together with its channel.
    const timer = setTimeout(() => channel?.close(), SILENCE_MS)
    exit.finally(() => clearTimeout(timer)).catch(() => {})
  }

  const command = inline ? script : Buffer.from(readerOf(script, spec.readsInput === true))
  channels.open(command, attach, spec.signal).catch((error: unknown) => settle(() => reject(error)))
  return {
    exit,
    async write(bytes) {
      if (isOver || channel === undefined) return
      if (!mayLeave()) await exit
      const { promise: taken, resolve: onTaken } = Promise.withResolvers<void>()
      channel.write(bytes, () => onTaken())
      await Promise.race([taken, exit.then(noop, noop)])
    },
    end() {
      isEnded = true
      channel?.end()
    },
    pause() {
      isPaused = true
      channel?.pause()
    },
    resume() {
      isPaused = false
      channel?.resume()
    },
    kill,
  }
}

/** Reads the script from its input, and nothing of what comes after it. */
function readerOf(script: Uint8Array, readsInput: boolean): ShellText {
  if (!readsInput) return 'eval "$(cat)"'
  const lacks = `{ echo dd >&2; exit ${LACKS_READER}; }`
  return `command -v dd >/dev/null || ${lacks}; eval "$(dd bs=${script.length} count=1 iflag=fullblock 2>/dev/null)"`
}

function noop(): void {}

/** sshd starts every command as the leader of a session, so its id is that of its process group. */
async function endGroup(channels: Channels, pid: number): Promise<void> {
  await channels.openUrgent(Buffer.from(`kill -s KILL -- -${pid} 2>/dev/null`), (channel) => {
    channel.on('error', noop)
    channel.resume()
    channel.stderr.resume()
    channel.end()
  })
}

function lostCommand({ server, failure }: Link): VmunitError {
  const lost = failure()
  if (lost !== undefined) return lost
  return new VmunitError(
    'ERR_UNAVAILABLE',
    `${server} ended a command without telling how. See whether the guest is shutting down.`,
    { retryable: true, details: { server } },
  )
}
