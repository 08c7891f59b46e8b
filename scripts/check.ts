/**
 * `npm run check`: types, lint and import boundaries, dead code, the lockfile, the edge's bundle, then the tests.
 * Every step runs even when another failed; what failed is repeated at the end. `--static` leaves out the tests.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { installClientPackages } from './client-packages.ts'
import { faultProblems } from './faults/fault-document.ts'
import { FAULTS } from './faults/fault-list.ts'
import { findFaultTests } from './faults/fault-tests.ts'
import { lockfileProblems } from './lockfile.ts'
import { allPatterns } from './patterns/all-patterns.ts'
import { patternProblems } from './patterns/pattern-problems.ts'
import { inPackage, ROOT, runNode } from './run-command.ts'

type Outcome = { readonly ok: boolean; readonly detail: string }
type Step = { readonly name: string; readonly run: () => Promise<Outcome> }

/** Cloudflare's limit for a Worker on the free plan, gzip (developers.cloudflare.com/workers/platform/limits). */
const BUNDLE_LIMIT_KIB = 3 * 1024

const WRANGLER_ENVIRONMENT = {
  ...process.env,
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_WRITE_LOGS: 'false',
  CI: 'true',
}

/** What the others read. */
const preparations: Step[] = [
  { name: 'client libraries of the tests', run: installClients },
  {
    // Without the environment's types: they would demand the Worker's variables of every Node process in the tests.
    name: "the Workers runtime's types (wrangler types)",
    run: wrangler('types', 'edge/worker-configuration.d.ts', '--include-env=false', '--strict-vars=false'),
  },
]
const checks: Step[] = [
  { name: 'types: container, scripts, library', run: tool('typescript/bin/tsc', '-p', '.') },
  { name: 'types: edge', run: tool('typescript/bin/tsc', '-p', 'edge') },
  { name: 'types: islands of the pages', run: tool('typescript/bin/tsc', '-p', 'edge/pages/islands') },
  { name: 'types: tests', run: tool('typescript/bin/tsc', '-p', 'test') },
  { name: 'format, lint, import boundaries (biome)', run: tool('@biomejs/biome/bin/biome', 'check', '.') },
  { name: 'dead code and dependencies (knip)', run: tool('knip/bin/knip.js', '--no-progress') },
  {
    name: 'code that only tests use (knip --production)',
    run: tool('knip/bin/knip.js', '--production', '--workspace', '.', '--no-progress'),
  },
  { name: 'lockfiles', run: checkLockfile },
  { name: 'faults: each with its test, docs/faults.md', run: checkFaults },
  { name: 'regular expressions: linear time (recheck)', run: checkPatterns },
  { name: 'bundle of the edge (wrangler deploy --dry-run)', run: checkBundle },
]

const failures: { name: string; detail: string }[] = []
for (const step of preparations) report(step, await step.run())
await runChecks()
if (!process.argv.includes('--static')) {
  const { code } = await runNode([join(ROOT, 'scripts/test.ts')], { show: true })
  if (code !== 0) failures.push({ name: 'tests', detail: 'See above.' })
}
for (const { name, detail } of failures) console.error(`\n--- ${name}\n${detail.trim()}`)
console.log(
  failures.length === 0 ? '\nAll checks hold.' : `\nNot in order: ${failures.map((f) => f.name).join('; ')}`,
)
process.exitCode = failures.length === 0 ? 0 : 1

/** Runs two at a time, because each uses one core, and reports them in their order. */
async function runChecks(): Promise<void> {
  const waiting = checks.map((step) => ({ step, outcome: Promise.withResolvers<Outcome>() }))
  const next = waiting.values()
  const lane = async () => {
    for (const { step, outcome } of next) {
      const settled = step.run()
      outcome.resolve(settled)
      await settled.catch(() => {})
    }
  }
  void lane()
  void lane()
  for (const { step, outcome } of waiting) report(step, await outcome.promise)
}

function report({ name }: Step, { ok, detail }: Outcome): void {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}${ok && detail !== '' ? `: ${detail}` : ''}`)
  if (!ok) failures.push({ name, detail })
}

function tool(file: string, ...args: string[]): Step['run'] {
  return async () => {
    const { code, output } = await runNode([inPackage(file), ...args], { show: false })
    return { ok: code === 0, detail: code === 0 ? '' : output }
  }
}

function wrangler(...args: string[]): Step['run'] {
  return async () => {
    const file = inPackage('wrangler/bin/wrangler.js')
    const { code, output } = await runNode([file, ...args], {
      show: false,
      environment: WRANGLER_ENVIRONMENT,
    })
    return { ok: code === 0, detail: code === 0 ? '' : output }
  }
}

async function installClients(): Promise<Outcome> {
  const problem = await installClientPackages()
  return { ok: problem === undefined, detail: problem ?? '' }
}

async function checkLockfile(): Promise<Outcome> {
  const files = ['.', 'test/clients', 'bench/peers'].map((folder) => join(ROOT, folder, 'package-lock.json'))
  const problems = files
    .filter((file) => existsSync(file))
    .flatMap((file) => lockfileProblems(readFileSync(file, 'utf8')))
  return { ok: problems.length === 0, detail: problems.join('\n') }
}

async function checkFaults(): Promise<Outcome> {
  const written = readFileSync(join(ROOT, 'docs/faults.md'), 'utf8')
  const problems = faultProblems(FAULTS, findFaultTests(ROOT), written)
  return { ok: problems.length === 0, detail: problems.join('\n') }
}

async function checkPatterns(): Promise<Outcome> {
  const { patterns, problems } = await allPatterns(ROOT)
  const found = [...problems, ...(await patternProblems(patterns))]
  return { ok: found.length === 0, detail: found.length === 0 ? `${patterns.length}` : found.join('\n') }
}

async function checkBundle(): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'router-bundle-'))
  try {
    const built = await wrangler('deploy', '--dry-run', '--minify', '--outdir', folder)()
    if (!built.ok) return built
    const bytes = readdirSync(folder)
      .filter((name) => /\.(js|wasm|bin)$/.test(name))
      .reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).byteLength, 0)
    const kib = Math.round(bytes / 1024)
    if (kib <= BUNDLE_LIMIT_KIB) return { ok: true, detail: `${kib} KiB gzip` }
    return { ok: false, detail: `The bundle is ${kib} KiB (gzip); Workers takes ${BUNDLE_LIMIT_KIB} KiB.` }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
