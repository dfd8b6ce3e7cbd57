import { type BuiltVcsim, buildVcsim, type VcenterOptions } from '@vmunit/testbed'

/** The builds of vcsim that this machine can make; says plainly which it cannot. */
export async function availableBuilds(): Promise<readonly Required<VcenterOptions>['govmomi'][]> {
  const sources = ['module-proxy', 'debian'] as const
  const built = await Promise.all(
    sources.map(
      async (govmomi) =>
        await buildVcsim({ govmomi }).catch((error: unknown) => {
          console.warn(`Not tested with govmomi of ${govmomi}: ${String(error)}`)
          return undefined
        }),
    ),
  )
  const there = built.filter((build): build is BuiltVcsim => build !== undefined)
  if (there.length === 0) throw new Error('vcsim can be built with no govmomi on this machine; see the warnings')
  return there.map(({ source }) => source)
}
