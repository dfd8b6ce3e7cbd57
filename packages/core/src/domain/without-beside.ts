import type { BesideAddress, VirtualServer } from './management-unit.ts'

/** Strikes a machine, or an address, off what stands beside a server; what has neither any more is gone. */
export function withoutBeside(
  server: VirtualServer,
  gone: { readonly machine: string } | { readonly address: BesideAddress },
): VirtualServer {
  if (server.beside === undefined) return server
  const { machines, addresses, ...rest } = server.beside
  const kept = machines.filter(({ id }) => !('machine' in gone && id === gone.machine))
  const left = addresses.filter((one) => !('address' in gone && isSame(one, gone.address)))
  const isGone = kept.length === 0 && left.length === 0
  return { ...server, beside: isGone ? undefined : { ...rest, machines: kept, addresses: left } }
}

function isSame(one: BesideAddress, other: BesideAddress): boolean {
  return one.id === other.id && (one.id !== undefined || one.address === other.address)
}
