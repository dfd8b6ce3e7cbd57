import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { ENTRY, LAYERS, type LayerRule, PACKAGES } from './layout-rules.ts'

/** An import that the layout forbids. */
export interface LayoutProblem {
  readonly file: string
  readonly message: string
}

interface Import {
  readonly specifier: string
  readonly typeOnly: boolean
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:[\w$*{},\s]+?\sfrom\s+)?'([^'\n]+)'/gm
const CALL = /\b(?:import|require)\(\s*['"`]([^'"`]+)/g

/** Finds the imports in the sources and tests below a folder that break the rules of `layout-rules.ts`. */
export function findLayoutProblems(folder: string): readonly LayoutProblem[] {
  const files = globSync('packages/*/{src,test}/**/*.ts', { cwd: folder }).sort()
  return files.flatMap((file) =>
    importsOf(readFileSync(join(folder, file), 'utf8')).flatMap((found) => {
      const message = objection(file, found)
      return message === undefined ? [] : [{ file, message }]
    }),
  )
}

function importsOf(source: string): readonly Import[] {
  const code = source.replace(/^\s*(?:\/?\*|\/\/).*$/gm, '')
  const statements = [...code.matchAll(STATEMENT)].map(([, type, specifier = '']) => ({
    specifier,
    typeOnly: type !== undefined,
  }))
  const calls = [...code.matchAll(CALL)].map(([, specifier = '']) => ({ specifier, typeOnly: false }))
  return [...statements, ...calls]
}

function objection(file: string, { specifier, typeOnly }: Import): string | undefined {
  const [, owner = '', kind = '', first = ''] = file.split('/')
  if (/^@vmunit\/[^/]+\/(src|dist)(\/|$)/.test(specifier)) return `imports the inside of a package: ${specifier}`
  const target = specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : undefined
  if (target !== undefined && !target.startsWith(`packages/${owner}/`))
    return `reaches out of its package: ${specifier}`
  if (kind === 'test') return undefined

  const allowed = PACKAGES[owner]
  if (allowed === undefined) return `belongs to a package without rules: add ${owner} to scripts/layout-rules.ts`
  const rule = ruleFor(owner, first)
  if (rule === undefined) return `stands in a layer without rules: add ${first} to scripts/layout-rules.ts`
  if (rule.typesOnly === true && !typeOnly) return `may import types only, but imports ${specifier}`
  if (target !== undefined) return objectionToLayer({ rule, first, target, specifier })
  if (specifier.startsWith('node:')) return rule.node ? undefined : `may not use ${specifier}`
  return rule.packages && allowed.includes(specifier) ? undefined : `may not import ${specifier}`
}

function ruleFor(owner: string, first: string): LayerRule | undefined {
  if (owner !== 'core') return { layers: [], node: true, packages: true }
  return first.endsWith('.ts') ? ENTRY : LAYERS[first]
}

interface RelativeImport {
  readonly rule: LayerRule
  readonly first: string
  readonly target: string
  readonly specifier: string
}

function objectionToLayer({ rule, first, target, specifier }: RelativeImport): string | undefined {
  const [, owner, kind, layer = ''] = target.split('/')
  if (kind !== 'src') return `imports what is not published: ${specifier}`
  if (owner !== 'core' || layer === first || rule.layers.includes(layer)) return undefined
  return `may not import from ${layer}: ${specifier}`
}
