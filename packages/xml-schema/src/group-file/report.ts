import type { FileIssue } from '../issues.ts'
import { attributeOffset, createPositions } from '../xml/position.ts'
import type { XmlElement } from '../xml/read-document.ts'

/** In the order in which a file is judged (spec §4.1); what is judged first is told first. */
export type Stage = 'markup' | 'structure' | 'syntax' | 'duplicate name' | 'duplicate address'

const STAGES: readonly Stage[] = ['markup', 'structure', 'syntax', 'duplicate name', 'duplicate address']

/** A problem before it is put into words for people: positions cost a look through the text. */
export interface Problem {
  readonly stage: Stage
  readonly path: string
  /** Offset in the text. */
  readonly at: number
  /** The attribute of the element at `at` that is meant. */
  readonly attribute?: string | undefined
  readonly message: string
  /** Not a slip of the pen, but something that does harm to readers that accept it. */
  readonly isUnsafe?: true | undefined
}

export type Report = (problem: Problem) => void

/** Where a problem of an attribute is; `key` is its name with the `@` before it. */
export function attributePlace(element: XmlElement, key: string): Pick<Problem, 'path' | 'at' | 'attribute'> {
  return { path: `${element.path}/${key}`, at: element.at, attribute: key.slice(1) }
}

/** The problems with their lines, in the order of {@link Stage}, then as they stand in the file. */
export function describeProblems(text: string, problems: readonly Problem[]): readonly FileIssue[] {
  const positionOf = createPositions(text)
  return problems
    .map(({ attribute, ...problem }) =>
      attribute === undefined ? problem : { ...problem, at: attributeOffset(text, problem.at, attribute) },
    )
    .sort((a, b) => STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage) || a.at - b.at)
    .map(({ path, at, message }) => ({ path, ...positionOf(at), message }))
}
