import type { Secret } from './session/credentials.ts'
import type { Transport } from './transport/transport.ts'

/** How a network of the SDK (`management`, `service`) is made in vSphere. */
export interface VsphereNetwork {
  /** The port group, by name, inventory path or managed object id. Absent: the adapter stays where the image has it. */
  readonly portGroup?: string | undefined
  /** @defaultValue `255.255.255.0` */
  readonly subnetMask?: string | undefined
  readonly gateway?: string | undefined
}

/** Where new machines are put: inventory paths (`/DC0/vm/web`) or managed object ids (`group-v3`). */
export interface VspherePlacement {
  /** Folder of the machines. @defaultValue the virtual machine folder of the only datacenter */
  readonly folder?: string | undefined
  /** Resource pool. @defaultValue that of the image, or the root pool of the cluster that holds the image */
  readonly resourcePool?: string | undefined
  /** @defaultValue that of the image */
  readonly datastore?: string | undefined
  /**
   * @defaultValue the host of the machine that is replaced, where it takes the new one; for all others, and in its
   * stead, the cluster decides
   */
  readonly host?: string | undefined
}

/** What vSphere can bear. The defaults are VMware's figures. */
export interface VsphereLimits {
  /** Operations at the same time on the endpoint. @defaultValue 640 */
  readonly operations?: number | undefined
  /** Units of a host; with fixed `placement.host`, of that one. @defaultValue 16 */
  readonly hostUnits?: number | undefined
  /** Hosts that may clone at the same time: templates on different hosts. @defaultValue 1 */
  readonly cloningHosts?: number | undefined
  /** Units of a host that a clone occupies: 1 when it is linked, 2 for a full copy, 4 on the same host. @defaultValue 1 */
  readonly cloneUnits?: number | undefined
}

/** How the driver works, whatever carries its calls. */
export interface VsphereSettings {
  /** By the names that units use. A network that is not here keeps what the image has, with the default mask. */
  readonly networks?: Readonly<Record<string, VsphereNetwork>> | undefined
  readonly placement?: VspherePlacement | undefined
  /** DNS domain of the guests. @defaultValue `local` */
  readonly domain?: string | undefined
  readonly dnsServers?: readonly string[] | undefined
  /**
   * Whether vCenter customizes the guests (host name and addresses), which needs VMware Tools and perl in the image.
   * Without it, a guest takes both from `guestinfo`. @defaultValue true
   */
  readonly customization?: boolean | undefined
  readonly limits?: VsphereLimits | undefined
  /** Limit of one request. @defaultValue 60,000 */
  readonly timeoutMs?: number | undefined
  /** How long vCenter may be away before running operations fail. @defaultValue 300,000 */
  readonly outageMs?: number | undefined
  /** An idle session is touched so often; vCenter ends it after thirty minutes, some after ten. @defaultValue 240,000 */
  readonly keepAliveMs?: number | undefined
}

/** How the driver reaches vCenter by its own transport. */
export interface VsphereConnection {
  /** `https://vcenter.example.com/sdk`; a host alone means that. */
  readonly url: string
  readonly username: string
  /** Text, or a function that is asked at every login. */
  readonly password: Secret
  /** Authorities to trust instead of those of Node, as PEM. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** SHA-256 of the one certificate to trust, whoever issued it. */
  readonly fingerprint?: string | undefined
  /** Talks to whoever answers, password included. For a laboratory without certificates. */
  readonly insecureAcceptAnyCertificate?: boolean | undefined
  /** Permits an `http:` URL on a loopback address. */
  readonly insecurePlainHttpOnLoopback?: boolean | undefined
  /** Connections at the same time. @defaultValue 64 */
  readonly connections?: number | undefined
  /** A longer answer is refused. @defaultValue 256 MiB */
  readonly maxAnswerBytes?: number | undefined
}

/** What {@link connectVsphere} takes: a connection, or a transport that is there already. */
export type VsphereOptions = VsphereSettings & (VsphereConnection | { readonly transport: Transport })
