import type { Call } from '@vmunit/core'
import { scriptFailed } from '../commands/ask.ts'
import { createOutputCap } from '../commands/output-cap.ts'
import { quote, type ShellText } from '../commands/quote.ts'
import { type Session, startProcess } from '../commands/remote-process.ts'
import { orAbort } from '../connection/or-abort.ts'
import { VmunitError } from '../errors.ts'
import { guestPath } from './place.ts'

/** Files and directories to take out of a guest. */
export interface Pull {
  readonly paths: readonly string[]
  readonly maxBytes: number
}

/** As much is taken ahead of the reader. */
const AHEAD_BYTES = 1_048_576

const NOT_FOUND = 83

/** Gives a tar archive as the guest makes it. Whoever stops reading ends it there. */
export async function* pull(session: Session, { paths, maxBytes }: Pull, call: Call): AsyncIterable<Uint8Array> {
  const script = pullScript(paths)
  const { link } = session
  const stderr = createOutputCap()
  const chunks: Buffer[] = []
  let ahead = 0
  let total = 0
  let wake = Promise.withResolvers<void>()
  let exitCode: number | undefined

  const running = startProcess(session, {
    script,
    endsWithOutput: true,
    onStdout(chunk) {
      chunks.push(chunk)
      ahead += chunk.length
      if (ahead > AHEAD_BYTES) running.pause()
      wake.resolve()
    },
    onStderr: stderr.push,
    signal: call.signal,
  })
  running.end()
  const exit = running.exit.then((code) => {
    exitCode = code
    wake.resolve()
  })
  exit.catch(() => {})
  try {
    for (;;) {
      const chunk = chunks.shift()
      if (chunk !== undefined) {
        total += chunk.length
        if (total > maxBytes) throw tooMuch(link.server, maxBytes)
        ahead -= chunk.length
        if (ahead <= AHEAD_BYTES) running.resume()
        yield chunk
        call.signal?.throwIfAborted()
      } else if (exitCode === undefined) {
        wake = Promise.withResolvers()
        await orAbort(Promise.race([wake.promise, exit]), call.signal)
      } else {
        break
      }
    }
  } finally {
    if (exitCode === undefined) running.kill()
  }
  // GNU tar says 1 when a file grew while it was read, as logs do.
  if (exitCode === NOT_FOUND) throw notFound(link.server, stderr.bytes().toString().trim())
  if (exitCode > 1) throw scriptFailed(link.server, exitCode, stderr.bytes())
}

/** A link that is named itself stands for what it leads to; links inside stay links. */
function pullScript(paths: readonly string[]): ShellText {
  const words = paths.map((path) => quote(guestPath(path))).join(' ')
  return `set -- ${words}
cd / || exit 70
for path in "$@"; do
  [ -e "$path" ] || [ -L "$path" ] || { echo "$path" >&2; exit ${NOT_FOUND}; }
  if [ -L "$path" ] && [ -d "$path" ]; then path=$path/.; fi
  if [ -L "$path" ] && [ -e "$path" ]; then set -- "$@" "$(readlink -f "$path")"; fi
  set -- "$@" "$path"
  shift
done
for path in "$@"; do
  path=\${path#/}
  set -- "$@" "./$path"
  shift
done
exec tar -cf - "$@"
`
}

function tooMuch(server: string, maxBytes: number): VmunitError {
  return new VmunitError(
    'ERR_CONFLICT',
    `The archive from ${server} would have more than ${maxBytes} bytes. Ask for fewer files, or allow more.`,
    { details: { server, maxBytes } },
  )
}

function notFound(server: string, path: string): VmunitError {
  return new VmunitError('ERR_NOT_FOUND', `${server} has no ${path}. Correct the path.`, { details: { server, path } })
}
