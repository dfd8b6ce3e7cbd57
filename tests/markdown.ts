import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../scripts/workspace.ts'

/** A fenced block of a document. */
export interface CodeBlock {
  readonly document: string
  /** Where the block begins, for messages. */
  readonly line: number
  readonly language: string
  readonly code: string
}

/** Every document of the repository, relative to its root. */
export function documents(): readonly string[] {
  return globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md', 'examples/*.md', '.changeset/*.md'], { cwd: root }).sort()
}

export function readDocument(document: string): string {
  return readFileSync(join(root, document), 'utf8')
}

/** The fenced blocks of a document, in order. */
export function codeBlocks(document: string): readonly CodeBlock[] {
  const text = readDocument(document)
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ 1: language = '', 2: code = '', index }) => ({
    document,
    line: text.slice(0, index).split('\n').length,
    language,
    code,
  }))
}

/** The text of a document without its fenced blocks. */
export function proseOf(document: string): string {
  return readDocument(document).replaceAll(/^```\w*\n.*?^```$/gms, '')
}

/** The anchors that the headings of a document have where it is shown. */
export function anchorsOf(document: string): ReadonlySet<string> {
  const headings = [...proseOf(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
  const slug = (heading: string): string =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-')
  return new Set(headings.map(slug))
}
