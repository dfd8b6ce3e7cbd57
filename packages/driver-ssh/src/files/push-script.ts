import { quote, type ShellText } from '../commands/quote.ts'
import { SHELL_LIBRARY } from '../jobs/shell-library.ts'
import { type Place, placeVariables } from './place.ts'
import { CHECK_HASHES, CHECK_SIZES } from './push-checks.ts'

/** What a push works with in the guest. */
export interface PushScript {
  readonly place: Place
  /** Hash of the tree that shall be there. */
  readonly hash: string
  /** Never used twice; names the new version. */
  readonly nonce: string
  readonly verify: 'hash' | 'size'
}

/** What the script needs beside its shell. */
const TOOLS =
  'cmp cp cut dd du find grep head ln mv readlink rm rmdir sha256sum sleep sort stat sync tar tr uniq wc xargs'

/** How long a push that receives nothing may keep another one waiting, in tenths of a second. */
const IDLE_TENTHS = 150

/**
 * The lock. Each push that wants to write leaves a ticket that names its process; the lowest ticket of a process that
 * lives goes first (Lamport's bakery). So a dead owner keeps nothing, and there is no moment at which somebody takes
 * a lock away from somebody else. The owner that is alive but receives nothing, because its connection is dead and
 * nobody has noticed, is ended.
 */
const LOCK = `start_of $$
self=$$-$mark-$boot
is_ticket_alive() {
  holder=\${1##*.}
  holder_pid=\${holder%%-*}
  holder=\${holder#*-}
  is_alive "$holder_pid" "\${holder%%-*}" "\${holder#*-}"
}
is_before_us() {
  rank=\${1#ticket.}
  rank=\${rank%%.*}
  [ "$rank" -lt "$number" ] || { [ "$rank" -eq "$number" ] && [ "$1" != "$ours" ] && [ "$holder_pid" -lt "$$" ]; }
}
: > "choosing.$self"
number=1
for ticket in ticket.*; do
  [ -e "$ticket" ] || continue
  rank=\${ticket#ticket.}
  rank=\${rank%%.*}
  [ "$rank" -lt "$number" ] || number=$((rank + 1))
done
ours="ticket.$number.$self"
: > "$ours"
rm -f "choosing.$self"
made=
trap '[ -z "$made" ] || rm -rf "$made" "$made".*; rm -f "$ours" "receiving.$$"' EXIT
idle=0 was=
while :; do
  before=
  for ticket in choosing.* ticket.*; do
    [ -e "$ticket" ] && [ "$ticket" != "$ours" ] || continue
    if ! is_ticket_alive "$ticket"; then rm -f "$ticket"; continue; fi
    case $ticket in choosing.*) before=$ticket ;; *) is_before_us "$ticket" && before=$ticket ;; esac
  done
  [ -n "$before" ] || break
  rest 0.1
  is_ticket_alive "$before" || continue
  [ -e "receiving.$holder_pid" ] || { idle=0; continue; }
  now="$holder_pid $(du -sk . | tr '\\t' ' ')"
  if [ "$now" = "$was" ]; then idle=$((idle + 1)); else idle=0 was=$now; fi
  [ $idle -lt ${IDLE_TENTHS} ] || { kill -s KILL -- "-$holder_pid" 2>/dev/null; idle=0; }
done
`

/**
 * The guest's half of a push; the other half is {@link push}. They talk over the channel of the command:
 *
 * - guest: `same`, and it is over; or `manifest <bytes>` and the manifest of what is there, `changed <bytes>` and the
 *   lines of the listing that no longer hold, as far as there are any
 * - we: `<bytes>` and the paths to take out, `<bytes>` and the new manifest, the number of groups of new files, for each
 *   group `<bytes>` and its checks, then a tar archive of the new files in the order of their checks
 * - guest: `done`
 *
 * The listing holds size, inode and both times of every file as they were when a push had ended: what is in it and
 * still holds need not be read again. Unchanged files are linked, not copied.
 */
export function pushScript({ place, hash, nonce, verify }: PushScript): ShellText {
  return `umask 022
export LC_ALL=C
${placeVariables(place)}${SHELL_LIBRARY}
fail() {
  echo "$2" >&2
  exit "$1"
}
if [ -L "$to" ]; then
  case $(readlink "$to") in "$folder"/v-*) ;; *) fail 81 foreign ;; esac
elif [ -e "$to" ] && [ ! -d "$to" ]; then fail 81 file; fi
for tool in ${TOOLS}; do command -v $tool >/dev/null || fail 84 $tool; done
mkdir -p "$base" && cd -P "$parent" || exit 73
home=$(pwd -P)
cd -P "./$folder" || exit 73
# Who owns the folder, or has put a link in its place, could lead root elsewhere.
[ "$(pwd -P)" = "\${home%/}/$folder" ] && [ -O . ] || fail 85 foreign
${LOCK}
listing() {
  ( cd "$1" && find . -mindepth 1 -exec stat -c '%i %s %y %z %f %n' {} + ) | sort
}
old=
if [ -L "$to" ]; then old=$(readlink "$to"); old=\${old#"$folder"/}; fi
for left in v-* *.new receiving.*; do
  case $left in "$old"|"$old".*) ;; *) rm -rf "$left" ;; esac
done
new=v-${nonce}
if [ -n "$old" ] && [ -e "$old.listing" ]; then
  listing "$old" > now.new || exit 73
  if [ "$(cat "$old.tree")" = ${quote(hash)} ] && cmp -s "$old.listing" now.new; then echo same; exit 0; fi
  sort "$old.listing" now.new | uniq -u > changed.new || exit 73
  echo "manifest $(wc -c < "$old.manifest")"
  cat "$old.manifest"
  echo "changed $(wc -c < changed.new)"
  cat changed.new
else
  old=
  echo "manifest 0"
  echo "changed 0"
fi
: > "receiving.$$"
receive() {
  read -r count && [ "$count" -ge 0 ] || exit 74
  : > "$1"
  [ "$count" -eq 0 ] || dd bs="$count" count=1 iflag=fullblock of="$1" 2>/dev/null
  [ "$(wc -c < "$1")" -eq "$count" ] || exit 74
}
receive removed.new
receive manifest.new
read -r groups && [ "$groups" -ge 0 ] || exit 74
group=0
while [ $group -lt $groups ]; do
  group=$((group + 1))
  receive checks.$group.new
done
made=$new
if [ -n "$old" ]; then cp -al "$old" "$new"; else mkdir "$new"; fi || exit 73
# No list can hold a name with a line feed, and no tree has one.
[ -z "$old" ] || (
  cd "$new"
  find . -mindepth 1 -depth -name '*
*' -exec rm -rf {} +
  xargs -0 rm -f -- < ../removed.new
  find . -mindepth 1 -depth -type d -exec rmdir {} +
) 2>/dev/null
${verify === 'hash' ? CHECK_HASHES : CHECK_SIZES}
check_most() {
  group=1
  while [ $group -lt $groups ]; do
    await_next && check_group || return 1
    group=$((group + 1))
  done
}
check_most &
checker=$!
( cd "$new" && exec tar -xf - ) && : > complete.new || kill $checker 2>/dev/null
rm -f "receiving.$$"
wait $checker 2>/dev/null && [ -e complete.new ] && { group=$groups; [ $groups -eq 0 ] || check_group; } || {
  [ -e complete.new ] || exit 74
  fail 82 "$(head -n 3 wrong.new)"
}
mv -f manifest.new "$new.manifest" && echo ${quote(hash)} > "$new.tree" || exit 73
sync -f "$new" 2>/dev/null || sync
if [ -d "$to" ] && [ ! -L "$to" ]; then
  aside="$to.before-vmunit"
  [ ! -e "$aside" ] || aside="$aside-${nonce}"
  mv "$to" "$aside" || exit 73
fi
ln -s "$folder/$new" link.new && mv -f -T link.new "$to" || exit 73
made=
sync "$parent" 2>/dev/null
for left in v-* *.new; do
  case $left in "$new"|"$new".*) ;; *) rm -rf "$left" ;; esac
done
listing "$new" > listing.new
# A listing that lacks files would never miss one; without it, everything is sent again.
[ "$(wc -l < listing.new)" -lt "$(wc -l < "$new.manifest")" ] || mv -f listing.new "$new.listing"
echo done
`
}
