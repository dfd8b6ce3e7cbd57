import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base.ts'

// A few files instead of 250: reading and linking them one by one was half of what importing core costs. What the
// entries share stands in chunks of their own, so that there is one copy of everything. The last two are programs
// that entries start, and lie where those look for them.
export default defineConfig({
  ...packageBuild,
  entry: {
    index: 'src/index.ts',
    'errors/index': 'src/errors/index.ts',
    'domain/marker': 'src/domain/marker.ts',
    'sqlite-store/index': 'src/sqlite-store/index.ts',
    'testing/index': 'src/testing/index.ts',
    'sqlite-store/lease-worker': 'src/sqlite-store/lease-worker.ts',
    'testing/world-process': 'src/testing/world/world-process.ts',
  },
  bundle: true,
  splitting: true,
  // `node:sqlite` exists under that name only.
  removeNodeProtocol: false,
  esbuildPlugins: [],
})
