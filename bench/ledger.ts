/**
 * How the ledger bears many receipts on Node's SQLite: size, how fast it takes them, how long it takes to find, list and add
 * up. All of one tenant and month in one object, which is the worst case.
 *
 *   npm run bench:ledger [-- --receipts 10000000 --users 10000 --bulk]
 *   npm run bench:ledger -- --dashboard [--receipts 10000] [--users 300]
 *
 * With --bulk many receipts share a transaction. With --dashboard: how long the dashboard takes to open over them instead, in
 * Debian's chromium and on real workerd. Each writes its own part of bench/ledger-results.md.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureDashboard } from './ledger/measure-dashboard.ts'
import { measureLedger } from './ledger/measure-ledger.ts'
import { markdownTable } from './markdown-table.ts'

const { values } = parseArgs({
  options: {
    receipts: { type: 'string' },
    users: { type: 'string' },
    bulk: { type: 'boolean', default: false },
    dashboard: { type: 'boolean', default: false },
  },
})
const RESULTS = join(import.meta.dirname, 'ledger-results.md')
const DASHBOARD = '\n## The dashboard over many receipts\n'
const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
try {
  const [ledger = '', dashboard] = (existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : '').split(DASHBOARD)
  const parts = values.dashboard
    ? [ledger, await dashboardReport()]
    : [await ledgerReport(), ...(dashboard === undefined ? [] : [dashboard])]
  writeFileSync(RESULTS, parts.join(DASHBOARD))
  console.log(parts[values.dashboard ? 1 : 0])
} finally {
  rmSync(folder, { recursive: true })
}

async function ledgerReport(): Promise<string> {
  const receipts = Number(values.receipts ?? 1_000_000)
  const users = Number(values.users ?? 10_000)
  const { bytes, appendMs, queries } = await measureLedger(join(folder, 'receipts.sqlite'), {
    count: receipts,
    users,
    bulk: values.bulk,
  })
  return `# The ledger with many receipts

\`npm run bench:ledger -- --receipts ${receipts} --users ${users}${values.bulk ? ' --bulk' : ''}\` on ${cpus()[0]?.model ?? 'a processor'}, Node ${process.version}. One tenant,
one month, one object, in a file. Times are of one call each; the first of a kind reads from the file.
Load of the machine at the end: ${load()} on ${cpus().length} processors, this process included.

${markdownTable(
  ['what', 'figure'],
  [
    ['receipts', receipts.toLocaleString('en')],
    ['size', `${(bytes / 1e6).toFixed(0)} MB, ${Math.round(bytes / receipts)} bytes a receipt`],
    [
      'taken',
      `${Math.round(receipts / (appendMs / 1_000)).toLocaleString('en')} a second, sums included${values.bulk ? ', many in a transaction' : ''}`,
    ],
  ],
)}

${markdownTable(
  ['query', 'ms', 'found'],
  queries.map(({ name, ms, found }) => [name, ms.toFixed(ms < 10 ? 1 : 0), found]),
)}
`
}

async function dashboardReport(): Promise<string> {
  const receipts = Number(values.receipts ?? 10_000)
  const users = Number(values.users ?? 300)
  const figures = await measureDashboard(join(folder, 'worker'), { count: receipts, users })
  return `
\`npm run bench:ledger -- --dashboard --receipts ${receipts} --users ${users}\` on ${cpus()[0]?.model ?? 'a processor'}: Debian's chromium without a window, the Worker
on real workerd with its objects on disk, receipts of ${receipts.toLocaleString('en')} requests in the last 30 days, logged in as the administrator. From the
begin of the navigation until every figure stands there, by the page's own clock. Load of the machine at the end: ${load()} on
${cpus().length} processors, which browser, Worker and bench share.

${markdownTable(
  ['page', 'opened', 'least ms', 'median ms', 'most ms'],
  figures.map(({ name, opened, ...times }) => [
    name,
    String(opened),
    ...[times.leastMs, times.medianMs, times.mostMs].map((ms) => ms.toFixed(0)),
  ]),
)}
`
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(0)
}
