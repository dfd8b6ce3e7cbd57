/**
 * Shell functions that know processes by more than their number. A process id comes back; together with the boot
 * and the moment of its start (field 22 of `/proc/<pid>/stat`) it names one process in all time.
 */
export const SHELL_LIBRARY = `read -r boot < /proc/sys/kernel/random/boot_id || exit 70
start_of() {
  mark=
  { read -r line < "/proc/$1/stat"; } 2>/dev/null || return 1
  set -- \${line##*) }
  case $1 in Z|X) return 1 ;; esac
  mark=\${20}
}
is_alive() {
  [ "$3" = "$boot" ] && start_of "$1" && [ "$mark" = "$2" ]
}
members_of() {
  members=
  for file in /proc/[0-9]*/stat; do
    { read -r line < "$file"; } 2>/dev/null || continue
    set -- "$1" "$file" \${line##*) }
    case $3 in Z|X) continue ;; esac
    [ "$6" = "$1" ] || continue
    file=\${file#/proc/}
    members="$members \${file%/stat}"
  done
  [ -n "$members" ]
}
rest() {
  sleep "$1" 2>/dev/null || sleep 1
}
end_session() {
  tries=0
  while members_of "$1"; do
    if [ $tries -lt 15 ]; then kill -s TERM $members 2>/dev/null; else kill -s KILL $members 2>/dev/null; fi
    [ $tries -lt 60 ] || return 1
    tries=$((tries + 1))
    if [ $tries -lt 5 ]; then rest 0.05; else rest 0.3; fi
  done
}
`
