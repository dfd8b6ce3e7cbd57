import type { FileIssue } from '../issues.ts'
import { decodeText } from './decode-text.ts'
import { createPositions } from './position.ts'
import { checkDocument } from './read-document.ts'

/**
 * What is wrong with a file of which only this is known: that it is XML. Document types and entities are refused like in
 * our own files, because others read it after us.
 *
 * @param path - how the issues call the file.
 */
export function checkXml(bytes: Uint8Array, path: string): readonly FileIssue[] {
  const { text, problem } = decodeText(bytes, bytes.byteLength)
  const found = problem ?? checkDocument(text)
  return found === undefined ? [] : [{ path, line: createPositions(text)(found.at).line, message: found.message }]
}
