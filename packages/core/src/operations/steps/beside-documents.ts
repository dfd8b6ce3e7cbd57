import type { BesideAddress, BesideMachine } from '../../domain/management-unit.ts'
import type { DocumentUpdate } from '../../ports/index.ts'
import { type ServerKey, updateServer } from './server-documents.ts'

/** Notes an address of what comes to stand beside a server: when it is asked for, and again when it is known. */
export function noteAddress(
  key: ServerKey,
  { runId, member }: Pick<BesideMachine, 'runId' | 'member'>,
  address: BesideAddress,
): DocumentUpdate {
  return updateServer(key, (server) => {
    const others = (server.beside?.addresses ?? []).filter(({ id }) => id !== address.id)
    return { ...server, beside: { ...server.beside, runId, member, addresses: [...others, address] } }
  })
}

/** Notes the machine that comes to stand beside a server, which has addresses there already. */
export function noteMachine(key: ServerKey, machine: BesideMachine['machine']): DocumentUpdate {
  return updateServer(key, (server) =>
    server.beside === undefined ? server : { ...server, beside: { ...server.beside, machine } },
  )
}
