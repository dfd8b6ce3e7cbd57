import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base.ts'

// A few files instead of a hundred: a script that asks one question would spend half of its time reading them.
export default defineConfig({
  ...packageBuild,
  entry: { index: 'src/index.ts', 'node-vsphere-soap/index': 'src/node-vsphere-soap/index.ts' },
  bundle: true,
  splitting: true,
  removeNodeProtocol: false,
  esbuildPlugins: [],
})
