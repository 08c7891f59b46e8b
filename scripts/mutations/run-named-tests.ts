/**
 * Runs named tests in a copy of the checkout and says how they ended. Knows vitest's report; edits nothing.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import * as z from 'zod'

/** `absent`: no test of that name ran, because there is none or its file could not be loaded. */
export type Ending = 'passed' | 'failed' | 'absent'

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
})

/** A test that waits for ever has its own limit; this one is for a process that does. */
const LONGEST_RUN_MS = 180_000

/** Returns how each of the tests of one file ended, in their order. A name of several tests has failed where one has. */
export async function runNamedTests(
  folder: string,
  file: string,
  names: readonly string[],
): Promise<readonly Ending[]> {
  const out = mkdtempSync(join(tmpdir(), 'router-mutation-'))
  try {
    const report = join(out, 'report.json')
    const pattern = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
    await execa(
      process.execPath,
      [
        ...['node_modules/vitest/vitest.mjs', 'run', file, '--testNamePattern', pattern],
        ...['--reporter', 'json', '--outputFile', report],
      ],
      { cwd: folder, reject: false, timeout: LONGEST_RUN_MS, forceKillAfterDelay: 1_000, stdio: 'ignore' },
    )
    if (!existsSync(report)) return names.map(() => 'absent')
    const { testResults } = reportSchema.parse(JSON.parse(readFileSync(report, 'utf8')))
    return names.map((name) => {
      const statuses = testResults
        .flatMap(({ assertionResults }) => assertionResults)
        .filter(({ fullName, status }) => fullName.includes(name) && /^(passed|failed)$/.test(status))
        .map(({ status }) => status)
      if (statuses.length === 0) return 'absent'
      return statuses.includes('failed') ? 'failed' : 'passed'
    })
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}
