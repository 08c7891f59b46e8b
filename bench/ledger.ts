/**
 * How the ledger bears many receipts on Node's SQLite: size, how fast it takes them, how long it takes to find, list and add
 * up. All of one tenant and month in one object, which is the worst case.
 *
 *   npm run bench:ledger [-- --receipts 10000000 --users 10000 --bulk]
 *
 * With --bulk many receipts share a transaction. Writes bench/ledger-results.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureLedger } from './ledger/measure-ledger.ts'
import { markdownTable } from './markdown-table.ts'

const { values } = parseArgs({
  options: {
    receipts: { type: 'string', default: '1000000' },
    users: { type: 'string', default: '10000' },
    bulk: { type: 'boolean', default: false },
  },
})
const receipts = Number(values.receipts)
const users = Number(values.users)
const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
try {
  const { bytes, appendMs, queries } = await measureLedger(join(folder, 'receipts.sqlite'), {
    count: receipts,
    users,
    bulk: values.bulk,
  })
  const report = `# The ledger with many receipts

\`npm run bench:ledger -- --receipts ${receipts} --users ${users}${values.bulk ? ' --bulk' : ''}\` on ${cpus()[0]?.model ?? 'a processor'}, Node ${process.version}. One tenant,
one month, one object, in a file. Times are of one call each; the first of a kind reads from the file.
Load of the machine at the end: ${(loadavg()[0] ?? 0).toFixed(0)} on ${cpus().length} processors, this process included.

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
  writeFileSync(join(import.meta.dirname, 'ledger-results.md'), report)
  console.log(report)
} finally {
  rmSync(folder, { recursive: true })
}
