/** Where a vCenter is and how to come in. */
export interface BenchConnection {
  readonly url: string
  readonly username: string
  readonly password: string
}

/** The connection as the peers find it, too: in the environment. */
export function connectionOf(environment: NodeJS.ProcessEnv): BenchConnection {
  return {
    url: environment['VCENTER_URL'] ?? '',
    username: environment['VCENTER_USERNAME'] ?? '',
    password: environment['VCENTER_PASSWORD'] ?? '',
  }
}
