/**
 * `npm test`: every test that needs nothing from outside, then one line `N passed, N failed`.
 * Further arguments go to Vitest: npm test -- --project unit test/edge
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { SETTING_NAMES } from '../edge/config.ts'
import { installClientPackages } from './client-packages.ts'
import { inPackage, ROOT, runNode } from './run-command.ts'
import { type Environment, readSettingsFile, settingNames } from './settings/environment.ts'
import { summarise, summaryLine, type TestSummary } from './test-summary.ts'

const summary = await runTests(process.argv.slice(2))
console.log(summaryLine(summary))
process.exitCode = summary.failed > 0 ? 1 : 0

async function runTests(args: readonly string[]): Promise<TestSummary> {
  const problem = await installClientPackages()
  if (problem !== undefined) {
    console.error(problem)
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const folder = mkdtempSync(join(tmpdir(), 'router-test-'))
  try {
    const file = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const { code } = await runNode([inPackage('vitest/vitest.mjs'), 'run', ...reporters, ...args], {
      show: true,
      environment: withoutSettings(process.env),
    })
    return summarise(existsSync(file) ? readFileSync(file, 'utf8') : undefined, code)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// A person's own settings and keys must neither change a result nor reach anything outside.
function withoutSettings(environment: Environment): Environment {
  const example = readFileSync(join(ROOT, '.env.example'), 'utf8')
  const names = [...SETTING_NAMES, ...settingNames(example), ...Object.keys(parseEnv(readSettingsFile(ROOT)))]
  const result = { ...environment }
  for (const name of names) delete result[name]
  return result
}
