import * as z from 'zod'
import { schemas } from './parsers.ts'
import type { Parser } from './plain.ts'
import type { ProvidedResources, ResourceRequest } from './resource-request.ts'

const wantedServer = z.strictObject({
  tierId: schemas.name,
  address: schemas.ipv4.optional(),
  serviceAddress: schemas.ipv4.optional(),
})

/** Reads what is asked of the resource manager. */
export const resourceRequest: z.ZodType<ResourceRequest> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('patchServer'), template: schemas.name, version: z.int().min(1) }),
  z.strictObject({
    kind: z.literal('registerTemplate'),
    template: schemas.name,
    server: schemas.ipv4,
    deleteVersion: z.int().min(1).optional(),
  }),
  z.strictObject({
    kind: z.literal('provideServers'),
    unit: schemas.name,
    template: schemas.name,
    version: z.int().min(1),
    groups: z
      .array(
        z.strictObject({
          name: schemas.name,
          servers: z.array(wantedServer).min(1).readonly(),
        }),
      )
      .min(1)
      .readonly(),
  }),
  z.strictObject({
    kind: z.literal('takeBack'),
    unit: schemas.name,
    addresses: z.array(schemas.ipv4).min(1).readonly(),
  }),
])

/** The answers that the kinds of resource requests take. */
export const providedParsers: { readonly [Kind in ResourceRequest['kind']]: Parser<ProvidedResources[Kind]> } = {
  patchServer: z.strictObject({ address: schemas.ipv4 }),
  registerTemplate: z.strictObject({ image: z.string().min(1), note: z.string().optional() }),
  provideServers: z.strictObject({ groups: z.array(schemas.groupDeclaration).min(1).readonly() }),
  takeBack: z.strictObject({}),
}
