import { readFile } from 'node:fs/promises'
import type { Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/** One JavaScript file for each source file, so that stacks and source maps name what we wrote; `tsc` makes the types. */
export const packageBuild: Options = {
  entry: ['src/**/*.ts'],
  bundle: false,
  splitting: false,
  format: ['esm'],
  target: 'node22',
  platform: 'node',
  dts: false,
  sourcemap: true,
  clean: true,
  silent: true,
  esbuildPlugins: [rewriteExtensions()],
}

/** Sources name each other with `.ts`, so that Node runs them as they are; esbuild leaves these names alone unless it bundles. */
function rewriteExtensions(): Plugin {
  return {
    name: 'rewrite-extensions',
    setup(build) {
      build.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8')
        return { contents: source.replace(/(\b(?:from|import)\b\s*\(?\s*'\.[^'\n]*)\.ts(?=')/g, '$1.js'), loader: 'ts' }
      })
    },
  }
}
