export const TIER_FILE = 'tier.properties'

export const VERSION_FILE = 'version.properties'

/** The connection of the tier's own load balancer, with its password (spec §4.5). */
export const BALANCER_FILE = 'tierlb.properties'

/** Without these a directory is no tier. */
export const REQUIRED_FILES: readonly string[] = [TIER_FILE, VERSION_FILE]

const PROPERTY_FILE = /^[^/]+\/(?:vmi\/)?(?:tier|version|tierlb)\.properties$/

/** Where a property file of a tier may stand: beside `app/` and `config/`, or in `vmi/` as in the original (spec §4.2). */
export function placesOf(tierId: string, name: string): readonly string[] {
  return [`${tierId}/${name}`, `${tierId}/vmi/${name}`]
}

/** Whether the path is one of {@link placesOf}. */
export function isPropertyFile(path: string): boolean {
  return PROPERTY_FILE.test(path)
}
