/** What the files of a folder may import beside their own folder. */
export interface LayerRule {
  /** Folders of the same package. */
  readonly layers: readonly string[]
  /** Whether `node:` modules are allowed. */
  readonly node: boolean
  /** Whether the packages that {@link PACKAGES} allows are allowed here. */
  readonly packages: boolean
  /** Whether nothing may be imported at run time, only types. */
  readonly typesOnly?: boolean | undefined
}

/** What each package may import. Whoever adds a package adds it here, and says what it may depend on. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  core: ['zod'],
  'driver-ssh': ['@vmunit/core', '@vmunit/core/errors', 'ssh2'],
  'driver-vsphere': ['@vmunit/core', '@vmunit/core/errors', '@vmunit/core/marker', 'saxes'],
  logger: ['@vmunit/core', 'pino'],
  notify: ['@vmunit/core', 'nodemailer'],
  testbed: ['zod'],
  'xml-schema': ['@vmunit/core', 'fast-xml-parser', 'zod'],
}

const leaves = ['errors', 'internal']
const contracts = ['domain', 'ports', ...leaves]

/** The layers of core: operations → engine → ports → domain; errors and internal are leaves. */
export const LAYERS: Readonly<Record<string, LayerRule>> = {
  errors: { layers: leaves, node: false, packages: false },
  internal: { layers: leaves, node: true, packages: false },
  domain: { layers: leaves, node: false, packages: true },
  ports: { layers: ['domain', 'errors'], node: false, packages: false, typesOnly: true },
  engine: { layers: contracts, node: true, packages: true },
  operations: { layers: [...contracts, 'engine'], node: true, packages: true },
  manager: { layers: [...contracts, 'engine', 'operations'], node: true, packages: true },
  'sqlite-store': { layers: contracts, node: true, packages: true },
  testing: { layers: contracts, node: true, packages: true },
}

/** Files that stand in no layer: the entry of core names what is public, wherever it is. */
export const ENTRY: LayerRule = {
  layers: [...contracts, 'engine', 'operations', 'manager'],
  node: false,
  packages: false,
}
