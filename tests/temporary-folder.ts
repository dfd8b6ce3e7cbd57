import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A folder that is removed when it goes out of scope. */
export interface TemporaryFolder extends Disposable {
  readonly path: string
}

/** Makes a folder with these files in the temporary folder of the machine. */
export function temporaryFolder(files: Readonly<Record<string, string>>): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'vmunit-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
