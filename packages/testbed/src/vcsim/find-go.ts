import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { runCommand } from './run-command.ts'

export interface GoTool {
  readonly path: string
  /** As `go1.26.1`. */
  readonly version: string
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

async function ask(path: string): Promise<GoTool | undefined> {
  const version = await runCommand(path, ['env', 'GOVERSION'], { env: { ...process.env, GOTOOLCHAIN: 'local' } })
  return { path, version: version.trim() }
}

/** Every `go` in the search path, in its order: a machine may have Debian's and a newer one beside it. */
export async function findGoTools(searchPath: string = process.env['PATH'] ?? ''): Promise<readonly GoTool[]> {
  const tools: GoTool[] = []
  for (const directory of new Set(searchPath.split(delimiter))) {
    const path = join(directory, 'go')
    if (directory === '' || !(await isExecutable(path))) continue
    const tool = await ask(path).catch(() => undefined)
    if (tool !== undefined) tools.push(tool)
  }
  return tools
}

/** The minor version, 26 of `go1.26.1`; 0 when it cannot be told. */
export function minorVersion(tool: GoTool): number {
  return Number(/^go1\.(\d+)/.exec(tool.version)?.[1] ?? 0)
}
