import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base.ts'

// One file instead of forty: a script that asks one question would spend a good part of its time reading them.
export default defineConfig({
  ...packageBuild,
  entry: { index: 'src/index.ts' },
  bundle: true,
  removeNodeProtocol: false,
  esbuildPlugins: [],
})
