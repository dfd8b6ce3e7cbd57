import { randomBytes } from 'node:crypto'
import type { Call, Tree } from '@vmunit/core'
import { scriptFailed } from '../commands/ask.ts'
import { createOutputCap } from '../commands/output-cap.ts'
import { type ShellText, scriptBytes } from '../commands/quote.ts'
import { type RemoteProcess, type Session, startProcess } from '../commands/remote-process.ts'
import { orKill } from '../commands/run-process.ts'
import { VmunitError } from '../errors.ts'
import { createDialogue, type Dialogue, otherAnswer } from './dialogue.ts'
import { placeOf } from './place.ts'
import { checksOf } from './push-checks.ts'
import { pushScript } from './push-script.ts'
import { sendFiles } from './send-files.ts'
import { treeDifference } from './tree-difference.ts'
import { checkTree, manifestLine } from './tree-paths.ts'

/** A tree, and where it shall be. */
export interface Push {
  readonly tree: Tree
  readonly to: string
  readonly verify: 'hash' | 'size'
}

/** Puts a tree in place; sends what the guest does not have, and switches when all of it is there and verified. */
export async function push(session: Session, { tree, to, verify }: Push, call: Call): Promise<string> {
  checkTree(tree)
  const place = placeOf(to)
  const script = pushScript({ place, hash: tree.hash, nonce: randomBytes(8).toString('hex'), verify })
  const stderr = createOutputCap()
  const { promise: ended, reject: onEnd } = Promise.withResolvers<never>()
  ended.catch(() => {})
  const dialogue = createDialogue(ended)
  const running = startProcess(session, {
    script,
    onStdout: dialogue.take,
    onStderr: stderr.push,
    readsInput: true,
    signal: call.signal,
    permit: call.permit,
  })
  running.exit.then((exitCode) => onEnd(pushFailed(session, { to, exitCode, stderr: stderr.bytes() })), onEnd)
  await orKill(running, converse({ running, dialogue, ended }, { tree, verify }, call), call.signal)
  return tree.hash
}

interface Conversation {
  readonly running: RemoteProcess
  readonly dialogue: Dialogue
  readonly ended: Promise<never>
}

/** Our half of what is described at {@link pushScript}. */
async function converse(
  { running, dialogue, ended }: Conversation,
  { tree, verify }: Omit<Push, 'to'>,
  call: Call,
): Promise<void> {
  const textAfter = async (line: string, word: string): Promise<ShellText> => {
    const [said, count] = line.split(' ')
    if (said !== word) throw otherAnswer()
    return (await dialogue.bytes(Number(count))).toString('latin1')
  }
  const first = await dialogue.line()
  if (first === 'same') return
  const manifest = await textAfter(first, 'manifest')
  const changed = await textAfter(await dialogue.line(), 'changed')
  const { removed, sent } = treeDifference({ manifest, changed }, tree.files)
  const checks = checksOf(sent, verify)
  const lists = [removed.map((path) => `${path}\0`).join(''), tree.files.map(manifestLine).join('')]
  await running.write(scriptBytes(`${lists.map(counted).join('')}${checks.length}\n${checks.map(counted).join('')}`))
  const sending = sendFiles(
    { tree, files: sent, hashes: verify === 'size', write: (bytes) => running.write(bytes) },
    call,
  )
  await Promise.race([sending, ended])
  running.end()
  if ((await dialogue.line()) !== 'done') throw otherAnswer()
}

/** Text with the number of its bytes before it, as the guest reads it. */
function counted(text: ShellText): ShellText {
  return `${text.length}\n${text}`
}

interface Ended {
  readonly to: string
  readonly exitCode: number
  readonly stderr: Buffer
}

const NO_DIRECTORY = 81
const NOT_WHAT_WAS_SENT = 82
const LACKS_TOOL = 84
const FOREIGN_FOLDER = 85
const KILLED = 137

function pushFailed({ link }: Session, { to, exitCode, stderr }: Ended): VmunitError {
  const said = stderr.toString().trim()
  const details = { server: link.server, to }
  if (exitCode === NO_DIRECTORY) {
    const message = `${to} on ${link.server} is no directory, and no link that a push has made. Move it away, or push elsewhere.`
    return new VmunitError('ERR_CONFLICT', message, { details })
  }
  if (exitCode === FOREIGN_FOLDER) {
    const { parent, folder } = placeOf(to)
    const message = `${parent}/${folder} on ${link.server}, where the versions of ${to} are kept, belongs to somebody else or is a link. Remove it, or push as its owner.`
    return new VmunitError('ERR_CONFLICT', message, { details })
  }
  if (exitCode === NOT_WHAT_WAS_SENT) {
    const message = `What arrived on ${link.server} is not what the tree names (${said}), so the old tree stays in place. Read the tree again, then push it.`
    return new VmunitError('ERR_CONFLICT', message, { details })
  }
  if (exitCode === LACKS_TOOL) {
    const message = `${link.server} lacks the program ${said}, which push needs. Install it.`
    return new VmunitError('ERR_UNSUPPORTED', message, { details })
  }
  if (exitCode === KILLED) {
    const message = `The push to ${to} on ${link.server} was ended in the guest: another one took its place, or memory ran out. The old tree stays in place.`
    return new VmunitError('ERR_CONFLICT', message, { details, retryable: true })
  }
  return scriptFailed(link.server, exitCode, stderr)
}
