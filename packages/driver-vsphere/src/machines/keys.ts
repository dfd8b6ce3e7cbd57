/** Where the driver keeps its data in the `extraConfig` of a machine. */
export const KEYS = {
  marker: 'vmunit.marker',
  image: 'vmunit.image',
  source: 'vmunit.source',
  networks: 'vmunit.networks',
  hostKeys: 'guestinfo.vmunit.hostkeys',
  keptHostKeys: 'vmunit.hostkeys',
  imageHostKeys: 'vmunit.image.hostkeys',
  hostname: 'guestinfo.vmunit.hostname',
  addresses: 'guestinfo.vmunit.addresses',
} as const

/** The keys that a look reads. */
export const READ_KEYS: readonly string[] = [
  KEYS.marker,
  KEYS.image,
  KEYS.source,
  KEYS.networks,
  KEYS.hostKeys,
  KEYS.keptHostKeys,
  KEYS.imageHostKeys,
]
