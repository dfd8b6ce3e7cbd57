/**
 * Editors write UTF-8, the format is ISO 8859-1. Text that is valid UTF-8 is taken as such, so that characters
 * beyond ISO 8859-1 are reported and not taken for several others.
 */
export function decodeProperties(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('latin1')
  }
}
