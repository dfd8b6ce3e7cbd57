import { defineConfig } from 'vitest/config'

// Tests see the sources, not a build that may be older.
const conditions = ['@vmunit/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'examples/test/**/*.test.ts',
      'integration/**/*.test.ts',
      'tests/**/*.test.ts',
    ],
    pool: 'forks',
    maxWorkers: 2,
    restoreMocks: true,
    unstubEnvs: true,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Waits for a condition, on a machine that may be busy with something else.
    expect: { poll: { timeout: 20_000 } },
  },
})
