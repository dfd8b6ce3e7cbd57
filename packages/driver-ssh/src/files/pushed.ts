import type { Call } from '@vmunit/core'
import { ask } from '../commands/ask.ts'
import type { Session } from '../commands/remote-process.ts'
import { placeOf, placeVariables } from './place.ts'

/** Says the hash of the tree that was put in place, in one round trip. */
export async function pushed(session: Session, to: string, call: Call): Promise<string | undefined> {
  const script = `${placeVariables(placeOf(to))}version=$(readlink "$to") || exit 0
case $version in "$folder"/v-*) cat "$parent/$version.tree" 2>/dev/null ;; esac
exit 0
`
  const hash = (await ask(session, { script }, call)).toString().trim()
  return hash === '' ? undefined : hash
}
