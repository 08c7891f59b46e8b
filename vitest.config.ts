import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { MixedSequencer } from './scripts/mixed-sequencer.ts'
import { SummaryReporter } from './scripts/summary-reporter.ts'

// Processes are started and models loaded, on machines that others may use: only what hangs shall end here.
const patient = { environment: 'node', testTimeout: 120_000, hookTimeout: 180_000 } as const

export default defineConfig({
  test: {
    // One more than two cores can compute at once: some of them wait.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: MixedSequencer },
    reporters: ['default', new SummaryReporter()],
    // Polls wait for what happens on other connections and in other processes, however busy the machine is.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/{inference,llm,contract,scripts,deployment,bench,training}/**/*.test.ts'],
          restoreMocks: true,
          ...patient,
        },
      },
      {
        extends: true,
        test: {
          name: 'edge',
          include: ['test/{shared,edge}/**/*.test.ts'],
          // Threads start faster than processes; the others load native code or start programs.
          pool: 'threads',
          restoreMocks: true,
          ...patient,
        },
      },
      {
        extends: true,
        test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...patient },
      },
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...patient } },
    ],
    env: {
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_HIDE_BANNER: 'true',
    },
  },
})
