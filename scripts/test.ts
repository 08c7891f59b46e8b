/**
 * `npm test`: every test that needs nothing from outside; summary-reporter.ts prints the last line.
 * Further arguments go to Vitest: npm test -- test/edge
 */
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { installClientPackages } from './client-packages.ts'
import { inPackage, ROOT, runNode } from './run-command.ts'
import { readSettingsFile } from './settings/environment.ts'
import { documentedSettings } from './settings/settings-documents.ts'

const problem = await installClientPackages()
if (problem === undefined) process.exitCode = await runTests()
else {
  console.error(`${problem}\n0 passed, 1 failed`)
  process.exitCode = 1
}

async function runTests(): Promise<number> {
  // A person's own settings and keys must neither change a result nor reach anything outside.
  const names = [
    ...documentedSettings().map(({ name }) => name),
    ...Object.keys(parseEnv(readSettingsFile(ROOT))),
  ].filter((name) => name !== 'PATH')
  const environment = { ...process.env }
  for (const name of names) delete environment[name]
  // Hundreds of short-lived processes load the same packages: compiled once, they start sooner.
  environment.NODE_COMPILE_CACHE = join(ROOT, 'node_modules/.cache/compiled')
  const args = [inPackage('vitest/vitest.mjs'), 'run', ...process.argv.slice(2)]
  return (await runNode(args, { show: true, environment })).code
}
