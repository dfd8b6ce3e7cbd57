import { createHash } from 'node:crypto'
import { KEPT_BYTES } from '../commands/output-cap.ts'
import { SHELL_LIBRARY } from './shell-library.ts'

/**
 * The program that runs a job in the guest: `runner <directory> <nonce> <limit in seconds> <umask>`.
 *
 * Its claim decides that a job begins. The claim is written completely, and then linked to its place, which only one
 * of any number of runners can do; it is on the disk before the command begins. So a directory without claim is a job
 * that never began, and one with a claim says which process to look for.
 *
 * Output goes through pipes into files whose size is bounded. The pipes are kept open as long as anybody writes: a
 * service that the job has started must not die of its end.
 */
export const RUNNER = `umask 077
ended=
trap 'ended=143' TERM
trap 'ended=124' USR1
trap : PIPE
cd "$1" || exit 1
${SHELL_LIBRARY}
start_of $$
own=$mark
# On a full disk a claim could be empty, and would be taken for none.
if ! { printf '%s %s %s\\n' "$$" "$own" "$boot" > "claim.$2" && ln "claim.$2" claim; } 2>/dev/null; then
  rm -f "claim.$2" "command.$2"
  if [ -e claim ]; then echo known; else echo unclaimed; fi
  exit 0
fi
mv -f "command.$2" command
rm -f "claim.$2"
sync claim command . .. 2>/dev/null || sync
echo started
exec >/dev/null 2>&1

note() {
  echo "$gone $other $file" > "$1.order"
}
capture() {
  : > "$1.head"
  file=head other= gone=0 size=0
  while :; do
    before=$size
    # Who cannot write any more reads on, or the command would wait for ever.
    dd bs=65536 count=64 >> "$1.$file" 2>/dev/null || {
      gone=$((gone + $(wc -c < "$1.$file") + $(wc -c)))
      : > "$1.$file"
      note "$1"
      break
    }
    size=$(wc -c < "$1.$file")
    [ "$size" -gt "$before" ] || break
    [ "$size" -ge ${KEPT_BYTES} ] || continue
    case $file in
      a) old=$other other=a file=b ;;
      b) old=$other other=b file=a ;;
      *) old= other= file=a ;;
    esac
    [ -z "$old" ] || gone=$((gone + $(wc -c < "$1.$file")))
    : > "$1.$file"
    size=0
    note "$1"
  done
  : > "$1.ended"
}
size_of() {
  { wc -c < "$1"; } 2>/dev/null || echo 0
}
keep() {
  gone=0 other= file= total=0
  { read -r gone other file < "$1.order"; } 2>/dev/null
  [ -n "$file" ] || { file=$other other=; }
  set -- "$1" "$1.head" \${other:+"$1.$other"} \${file:+"$1.$file"}
  stream=$1
  shift
  for part in "$@"; do total=$((total + $(size_of "$part"))); done
  total=$((total + gone))
  if [ $total -le ${2 * KEPT_BYTES} ]; then
    cat "$@" > "$stream.kept"
  else
    {
      head -c ${KEPT_BYTES} "$1"
      { tail -c +${KEPT_BYTES + 1} "$1"; shift; [ $# -eq 0 ] || cat "$@"; } | tail -c ${KEPT_BYTES}
    } > "$stream.kept"
  fi
  # A service that was left behind may have written more meanwhile.
  kept=$(size_of "$stream.kept")
  [ $kept -ge $total ] || dropped=$((dropped + total - kept))
}

# A signal that comes before the watcher has set its trap may be lost: it would sleep on to its limit.
stop_watcher() {
  while { read -r line < "/proc/$watcher/stat"; } 2>/dev/null; do
    case \${line##*) } in Z* | X*) return ;; esac
    kill "$watcher" 2>/dev/null
    rest 0.02
  done
}

mkfifo out err
# Held open, so that nobody waits for a partner that was ended before it came.
exec 8<>out 9<>err
( capture out ) < out 8>&- 9>&- &
( capture err ) < err 8>&- 9>&- &
watcher=
code=
if [ -z "$ended" ]; then
  (
    read -r pid line < /proc/self/stat
    set -- "$1" "$4" \${line##*) }
    printf '%s %s %s\\n' "$pid" "\${22}" "$boot" > session
    umask "$2"
    cd 2>/dev/null || cd /
    exec setsid sh "$1/command"
  ) < /dev/null > out 2> err 8>&- 9>&- &
  command=$!
  if [ -n "$3" ]; then
    (
      trap 'kill "$sleeper"; exit' TERM
      case $3 in *.*) rest "$3" & ;; *) sleep "$3" & ;; esac
      sleeper=$!
      wait "$sleeper"
      while is_alive "$$" "$own" "$boot" && kill -s USR1 "$$"; do rest 0.5; done
    ) 8>&- 9>&- &
    watcher=$!
  fi
  [ -n "$ended" ] || wait "$command"
  code=$?
  if [ -n "$ended" ]; then
    kill -s TERM "$command" 2>/dev/null
    end_session "$command"
    wait "$command"
    end_session "$command"
    code=$ended
  fi
  [ -z "$watcher" ] || stop_watcher
else
  code=$ended
fi

tries=0
until [ -e out.head ] && [ -e err.head ] || [ $tries -ge 100 ]; do
  rest 0.02
  tries=$((tries + 1))
done
exec 8>&- 9>&-
tries=0
while [ $tries -lt 40 ] && { [ ! -e out.ended ] || [ ! -e err.ended ]; }; do
  rest 0.02
  tries=$((tries + 1))
done
dropped=0
keep out
sizes=$kept
keep err
if ! { printf '%s %s %s %s\\n' "$code" "$sizes" "$kept" "$dropped" > result.new && cat out.kept err.kept >> result.new; }; then
  # On a full disk the exit code is worth more than the output.
  rm -f command out.* err.*
  printf '%s 0 0 %s\\n' "$code" $((dropped + sizes + kept)) > result.new || rm -f result.new
fi
sync result.new 2>/dev/null || sync
mv -f result.new result
sync . 2>/dev/null
rm -f command session out.kept err.kept
[ ! -e out.ended ] || rm -f out out.*
[ ! -e err.ended ] || rm -f err err.*
`

/** Differs whenever the runner differs, so that versions live side by side. */
export const RUNNER_NAME = `runner-${createHash('sha256').update(RUNNER).digest('hex').slice(0, 16)}`
