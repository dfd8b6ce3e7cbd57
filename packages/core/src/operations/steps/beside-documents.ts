import type { Beside, BesideAddress, BesideMachine } from '../../domain/management-unit.ts'
import type { DocumentUpdate } from '../../ports/index.ts'
import { type ServerKey, updateServer } from './server-documents.ts'

/** Notes an address of what comes to stand beside a server: when it is asked for, and again when it is known. */
export function noteAddress(
  key: ServerKey,
  { runId, member }: Pick<Beside, 'runId' | 'member'>,
  address: BesideAddress,
): DocumentUpdate {
  return updateServer(key, (server) => {
    const { machines = [], addresses = [] } = server.beside ?? {}
    const others = addresses.filter(({ id }) => id !== address.id)
    return { ...server, beside: { runId, member, machines, addresses: [...others, address] } }
  })
}

/** Notes the machine that comes to stand beside a server, which has addresses there already. */
export function noteMachine(key: ServerKey, machine: BesideMachine): DocumentUpdate {
  return updateServer(key, (server) => {
    if (server.beside === undefined) return server
    const others = server.beside.machines.filter(({ operationId }) => operationId !== machine.operationId)
    return { ...server, beside: { ...server.beside, machines: [...others, machine] } }
  })
}
