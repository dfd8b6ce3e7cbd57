/** Every address of a server, declared or attached: the management address, and the service address when it has one. */
export function addressesOf({
  address,
  serviceAddress,
}: {
  readonly address: string
  readonly serviceAddress?: string | undefined
}): readonly string[] {
  return serviceAddress === undefined ? [address] : [address, serviceAddress]
}
