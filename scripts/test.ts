/**
 * `npm test`: every test that needs nothing from outside, then one line `N passed, N failed`.
 * Further arguments go to Vitest: npm test -- --project unit test/edge
 */
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { installClientPackages } from './client-packages.ts'
import { inPackage, ROOT, runNode } from './run-command.ts'
import { type Environment, readSettingsFile } from './settings/environment.ts'
import { documentedSettings } from './settings/settings-documents.ts'

const problem = await installClientPackages()
if (problem === undefined) {
  const reporters = ['--reporter=default', `--reporter=${join(ROOT, 'scripts/summary-reporter.ts')}`]
  const args = [inPackage('vitest/vitest.mjs'), 'run', ...reporters, ...process.argv.slice(2)]
  const { code } = await runNode(args, { show: true, environment: withoutSettings(process.env) })
  process.exitCode = code
} else {
  console.error(`${problem}\n0 passed, 1 failed`)
  process.exitCode = 1
}

// A person's own settings and keys must neither change a result nor reach anything outside.
function withoutSettings(environment: Environment): Environment {
  const names = [
    ...documentedSettings().map(({ name }) => name),
    ...Object.keys(parseEnv(readSettingsFile(ROOT))),
  ]
  const result = { ...environment }
  for (const name of names) delete result[name]
  return result
}
