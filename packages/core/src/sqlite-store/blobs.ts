import { createHash } from 'node:crypto'
import { VmunitError } from '../errors/index.ts'
import { orAbort } from '../internal/abort.ts'
import { sha256 } from '../internal/sha256.ts'
import type { StateStore } from '../ports/index.ts'
import { assertName } from './check-arguments.ts'
import type { Connection } from './connection.ts'
import type { Transaction } from './writer.ts'

const PIECE_BYTES = 1024 * 1024

/** Makes `putBlob` and `getBlob` of the port. The bytes are kept in pieces of at most 1 MiB. */
export function createBlobs(connection: Connection): Pick<StateStore, 'putBlob' | 'getBlob'> {
  const { database } = connection
  const exists = database.prepare('SELECT 1 FROM blob WHERE hash = ? AND number = 0')
  const insert = database.prepare('INSERT INTO blob VALUES (?, ?, ?)')
  const select = database.prepare('SELECT content FROM blob WHERE hash = ? AND number = ?')

  function store(hash: string, bytes: Buffer, { seal }: Transaction): void {
    if (exists.get(hash) !== undefined) return
    seal.toggle('blob', hash)
    // An empty blob has one empty piece, so that it exists.
    const pieces = Math.max(1, Math.ceil(bytes.length / PIECE_BYTES))
    for (let number = 0; number < pieces; number += 1) {
      insert.run(hash, number, bytes.subarray(number * PIECE_BYTES, (number + 1) * PIECE_BYTES))
    }
  }

  async function piece(hash: string, number: number, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    return await connection.read(
      () => {
        const row = select.get(hash, number)
        return row === undefined ? undefined : pieceOf(row['content'], hash, connection.path)
      },
      signal,
      { hash },
    )
  }

  return {
    putBlob: async (content, call) => {
      connection.closed.throwIfAborted()
      const bytes = await collect(content, call?.signal)
      const hash = sha256(bytes)
      await connection.write((transaction) => store(hash, bytes, transaction), call?.signal)
      return hash
    },
    getBlob: async function* (hash, call) {
      assertName(hash, 'The hash of a blob')
      const digest = createHash('sha256')
      let held = await piece(hash, 0, call?.signal)
      if (held === undefined) throw notFound(hash)
      digest.update(held)
      for (let number = 1; ; number += 1) {
        const next = await piece(hash, number, call?.signal)
        if (next === undefined) break
        digest.update(next)
        yield held
        held = next
      }
      // The last piece is held back until the whole is verified.
      if (digest.digest('hex') !== hash) throw damagedBlob(hash, connection.path)
      yield held
    },
  }
}

async function collect(content: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<Buffer> {
  const iterator = content[Symbol.asyncIterator]()
  const parts: Uint8Array[] = []
  let ended = false
  try {
    while (true) {
      const next = await orAbort(iterator.next(), signal)
      if (next.done) break
      if (!(next.value instanceof Uint8Array)) throw new TypeError('The content of a blob must be Uint8Array chunks.')
      // The producer may use its buffer again.
      parts.push(Uint8Array.from(next.value))
    }
    ended = true
    return Buffer.concat(parts)
  } finally {
    // Not awaited: a source that hangs would keep the abort from its caller.
    if (!ended) iterator.return?.().catch(() => {})
  }
}

function notFound(hash: string): VmunitError {
  return new VmunitError('ERR_NOT_FOUND', `The store has no blob ${hash}: import its content again.`, {
    details: { hash },
  })
}

/** Bytes of a blob. What is damaged may give a value of another type. */
export function pieceOf(content: unknown, hash: string, path: string): Uint8Array {
  if (content instanceof Uint8Array) return content
  throw damagedBlob(hash, path)
}

/** The blob whose bytes are not what its hash says. */
export function damagedBlob(hash: string, path: string): VmunitError {
  return new VmunitError(
    'ERR_STORE_DAMAGED',
    `Blob ${hash} of the store ${path} does not fit its hash: restore a backup.`,
    { details: { path, hash } },
  )
}
