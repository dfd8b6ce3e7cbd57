import type { DocumentUpdate } from '../ports/index.ts'
import { keys, plain, type RunDocument, runDocumentParser } from './documents.ts'

/** Changes the head document of a run, in the transaction of the record that it mirrors. */
export function updateHead(runId: string, change: Partial<RunDocument>): DocumentUpdate {
  return {
    key: keys.run(runId),
    update: (value) => plain({ ...runDocumentParser.parse(value), waiting: undefined, ...change }),
  }
}

/** Removes a document. */
export function removeDocument(key: string): DocumentUpdate {
  return { key, update: () => undefined }
}
