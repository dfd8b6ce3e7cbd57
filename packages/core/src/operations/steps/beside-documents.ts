import type { Beside, BesideAddress, BesideMachine, VirtualServer } from '../../domain/management-unit.ts'
import type { DocumentUpdate } from '../../ports/index.ts'
import { type ServerKey, updateServer } from './server-documents.ts'

/** Notes an address of what comes to stand beside a server: when it is asked for, and again when it is known. */
export function noteAddress(
  key: ServerKey,
  { runId, member }: Required<Pick<Beside, 'runId' | 'member'>>,
  address: BesideAddress,
): DocumentUpdate {
  return updateServer(key, (server) => {
    const { machines = [], addresses = [] } = server.beside ?? {}
    const others = addresses.filter(({ id }) => id !== address.id)
    return { ...server, beside: { runId, member, machines, addresses: [...others, address] } }
  })
}

/** Notes a machine that comes to stand beside a server: when it is about to be made, and again when its id is known. */
export function noteMachine(key: ServerKey, runId: string, machine: BesideMachine): DocumentUpdate {
  return updateServer(key, (server) => withBeside(server, runId, machine))
}

/** Adds a machine to what stands beside a server; once, however often it is recorded. */
export function withBeside(server: VirtualServer, runId: string, machine: BesideMachine): VirtualServer {
  const { beside = { runId, machines: [], addresses: [] } } = server
  const others = beside.machines.filter(({ operationId }) => operationId !== machine.operationId)
  return { ...server, beside: { ...beside, machines: [...others, machine] } }
}
