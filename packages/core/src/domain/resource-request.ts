import type { GroupDeclaration } from './group-declaration.ts'

/** A server that is wanted; without an address it gets what its network gives. */
export interface WantedServer {
  readonly tierId: string
  readonly address?: string | undefined
  readonly serviceAddress?: string | undefined
}

/** What a system builder asks of the resource manager (manual 6.2.3). */
export type ResourceRequest =
  /** A server for patch work, with access to the template in the time that the request names. */
  | { readonly kind: 'patchServer'; readonly template: string; readonly version: number }
  /** A patched server becomes the template's next version; the old one is deleted. */
  | {
      readonly kind: 'registerTemplate'
      readonly template: string
      /** The address of the server that was patched. */
      readonly server: string
      readonly deleteVersion?: number | undefined
    }
  /** Servers cloned from a template, to be attached to a unit. */
  | {
      readonly kind: 'provideServers'
      readonly unit: string
      readonly template: string
      readonly version: number
      readonly groups: readonly {
        readonly name: string
        readonly servers: readonly WantedServer[]
      }[]
    }
  /** Servers that are not needed any more, by address. */
  | { readonly kind: 'takeBack'; readonly unit: string; readonly addresses: readonly string[] }

/** What the resource manager gives in return, by the kind of the request. */
export interface ProvidedResources {
  /** Where the patch work is done. */
  readonly patchServer: { readonly address: string }
  /** The platform's id of the new image. */
  readonly registerTemplate: { readonly image: string; readonly note?: string | undefined }
  /** The servers as `virtualserver-info.xml` lists them. */
  readonly provideServers: { readonly groups: readonly GroupDeclaration[] }
  readonly takeBack: Record<string, never>
}
