import { quote, type ShellText } from '../commands/quote.ts'
import { RUNNER, RUNNER_NAME } from './runner.ts'
import { SHELL_LIBRARY } from './shell-library.ts'

/** Where a job lives in a guest. */
export interface JobPlace {
  /** As a word of a shell script. */
  readonly stateDirectory: ShellText
  /** SHA-256 of its id. */
  readonly name: string
}

/** What starts a job. */
export interface JobStart extends JobPlace {
  readonly commandScript: ShellText
  /** Never used twice: two who start the same job must not write the same file. */
  readonly nonce: string
  readonly timeoutMs: number | undefined
}

/** What the runner needs, beside what every POSIX system has in its shell. */
const TOOLS = 'setsid mkfifo dd ln mv sync wc head tail cat sleep'

/** Starts a job: says `started`, `known`, `lacks <tool>`, `foreign` or `unclaimed`. */
export function startScript(start: JobStart): ShellText {
  const { stateDirectory, name, commandScript, nonce, timeoutMs } = start
  const limit = timeoutMs === undefined ? '' : seconds(timeoutMs)
  return `mask=$(umask)
umask 077
root=${stateDirectory}
if [ -O "$root" ] && [ -e "$root/jobs/${name}/claim" ]; then echo known; exit 0; fi
for tool in ${TOOLS}; do command -v $tool >/dev/null || { echo "lacks $tool"; exit 0; }; done
mkdir -p "$root" || exit 73
[ -O "$root" ] || { echo foreign; exit 0; }
mkdir -p "$root/jobs/${name}" && cd "$root/jobs/${name}" || exit 73
# A guest that lost its power may have kept the name and lost what was in it.
if [ ! -s "$root/${RUNNER_NAME}" ]; then
  printf '%s' ${quote(RUNNER)} > "$root/${RUNNER_NAME}.${nonce}" && mv -f "$root/${RUNNER_NAME}.${nonce}" "$root/${RUNNER_NAME}" || exit 73
fi
printf '%s' ${quote(Buffer.from(commandScript, 'latin1'))} > command.${nonce} || exit 73
answer=$(setsid sh "$root/${RUNNER_NAME}" "$root/jobs/${name}" ${nonce} '${limit}' "$mask" </dev/null 2>/dev/null &)
echo "$answer"
`
}

/** Not every `sleep` knows fractions; a second more or less matters only below one. */
function seconds(ms: number): string {
  return ms < 1_000 ? (ms / 1_000).toFixed(3) : String(Math.ceil(ms / 1_000))
}

/** Looks at a job: says `absent`, `busy`, `unknown <why>`, `foreign`, or `done` and after that its result. */
export function lookScript({ stateDirectory, name }: JobPlace): ShellText {
  return `root=${stateDirectory}
[ -O "$root" ] || [ ! -e "$root" ] || { echo foreign; exit 0; }
cd "$root/jobs/${name}" 2>/dev/null || { echo absent; exit 0; }
${SHELL_LIBRARY}
finished() {
  [ -e result ] || return 1
  echo done
  exec cat result
}
finished
{ read -r pid start booted < claim; } 2>/dev/null || { echo absent; exit 0; }
if is_alive "$pid" "$start" "$booted"; then echo busy; exit 0; fi
finished
{ read -r pid start started < session; } 2>/dev/null
if [ "$started" = "$boot" ] && members_of "$pid"; then echo busy; exit 0; fi
if [ "$booted" = "$boot" ]; then echo unknown ended; else echo unknown rebooted; fi
`
}

/** Ends a job and waits until nothing of it runs: says `gone` or `stays`. */
export function stopScript({ stateDirectory, name }: JobPlace): ShellText {
  return `root=${stateDirectory}
cd "$root/jobs/${name}" 2>/dev/null || { echo gone; exit 0; }
${SHELL_LIBRARY}
[ ! -e result ] || { echo gone; exit 0; }
{ read -r pid start booted < claim; } 2>/dev/null || { echo gone; exit 0; }
tries=0
while is_alive "$pid" "$start" "$booted" && [ $tries -lt 300 ]; do
  kill -s TERM "$pid" 2>/dev/null
  tries=$((tries + 1))
  rest 0.05
done
if is_alive "$pid" "$start" "$booted"; then echo stays; exit 0; fi
{ read -r pid start started < session; } 2>/dev/null
if [ ! -e result ] && [ "$started" = "$boot" ] && ! end_session "$pid"; then echo stays; exit 0; fi
echo gone
`
}
