/** The outcome as a page: what was measured, how, the table and what the ledger costs. Computes nothing. */
import type { EdgeOutcome } from './edge-bench.ts'
import { figuresTable, ledgerVerdicts } from './report-edge.ts'
import { VARIANTS } from './variants.ts'
import { KINDS } from './workload.ts'

/** Returns Markdown. */
export function edgeReport(outcome: EdgeOutcome): string {
  const { processor, node, load, rounds, requests, connections, figures, asked, kept } = outcome
  return `# What the edge costs

\`npm run bench:edge -- --rounds ${rounds} --requests ${requests}\` on ${processor.cores} cores of ${processor.model}, Node ${node} for driver and upstream; ${rounds} rounds of ${requests.toLocaleString('en')} requests a kind
(a tenth of that for streams) over ${connections} connections, the order rotated. CPU is that of the workerd process by the kernel's accounting, Durable
Objects and what follows the answer included; in brackets the lowest and the highest ratio of a round. Latency is beyond what
the upstream takes when asked directly. The machine's load at the end was ${load.toFixed(1)}: where that is above the number of cores, others
worked beside the bench, every time is too long, latencies say nothing, and only ratios whose rounds agree can be trusted. Sums
that the ledger writes some minutes later are not in it. Of ${asked.toLocaleString('en')} requests to the router as shipped ${kept.toLocaleString('en')} have a receipt.

${VARIANTS.map(({ name, what }) => `- ${name}: ${what}`).join('\n')}

${KINDS.map(({ name, what }) => `- ${name}: ${what}`).join('\n')}

${figuresTable(figures)}

## What the ledger costs

As shipped against without ledger:

${ledgerVerdicts(figures)
  .map((line) => `- ${line}`)
  .join('\n')}`
}
