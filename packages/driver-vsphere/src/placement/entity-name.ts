/** A name as vCenter keeps it: what would end it in a path is escaped. */
export function encodeName(name: string): string {
  return name.replace(/[%/\\]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
}

/** A name as people know it: the reverse of {@link encodeName}. */
export function decodeName(name: string): string {
  return name.replace(/%(2f|5c|25)/gi, (escape) => decodeURIComponent(escape))
}
