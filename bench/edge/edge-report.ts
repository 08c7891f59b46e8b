/** The outcome as a page: what was measured, how, the tables and what the ledger costs. Computes nothing. */
import { markdownTable } from '../markdown-table.ts'
import type { EdgeOutcome } from './edge-bench.ts'
import { figuresTable, ledgerVerdicts } from './report-edge.ts'
import { VARIANTS } from './variants.ts'
import { KINDS } from './workload.ts'

/** Returns Markdown. */
export function edgeReport(outcome: EdgeOutcome): string {
  const { processor, node, load, rounds, requests, connections, figures, asked, kept } = outcome
  return `# What the edge costs

\`npm run bench:edge -- --rounds ${rounds} --requests ${requests}\` on ${processor.cores} cores of ${processor.model}, Node ${node} for driver and upstream; ${rounds} rounds of ${requests.toLocaleString('en')} requests a kind
(a tenth of that for streams and 1 MB) over ${connections} connections, the order rotated. CPU is that of the workerd process by the kernel's accounting, Durable
Objects and what follows the answer included; in brackets the lowest and the highest ratio of a round. Latency is beyond what
the upstream takes when asked directly; of streams, to the first byte. The machine's load at the end was ${load.toFixed(1)}: where that is above the number of cores, others
worked beside the bench, every time is too long, latencies say nothing, and only ratios whose rounds agree can be trusted. Sums
that the ledger writes some minutes later are not in it. Of ${asked.toLocaleString('en')} requests to the router as shipped ${kept.toLocaleString('en')} have a receipt.

${VARIANTS.map(({ name, what }) => `- ${name}: ${what}`).join('\n')}

${KINDS.map(({ name, what }) => `- ${name}: ${what}`).join('\n')}

${figuresTable(figures)}

## What the ledger costs

As shipped against without ledger:

${ledgerVerdicts(figures)
  .map((line) => `- ${line}`)
  .join('\n')}

## Many requests

${outcome.loadRequests.toLocaleString('en')} pass-through requests over 64 connections. By the clock, driver and upstream share the cores; by its own processor time, what one
core would answer with nothing else to do.

${loadTable(outcome)}

## Weight

The start is the processor time of the process up to its first answer: the floor's is workerd's own.

${weightTable(outcome)}

## A decision alone

Features, verdict, guards and targets, in Node, without reading the JSON: prose with a turn before it and a system prompt, each as
long, up to 8,000 characters (\`npm run bench:routing\` has other shapes).

${markdownTable(
  ['last turn, characters', 'CPU µs'],
  outcome.decisions.map(({ characters, decisionUs }) => [
    characters.toLocaleString('en'),
    decisionUs.toFixed(0),
  ]),
)}`
}

function loadTable({ loadFigures }: EdgeOutcome): string {
  return markdownTable(
    ['variant', 'requests a second', 'requests a CPU-second', 'memory before, MiB', 'after'],
    loadFigures.map(({ contender, requestsPerSecond, requestsPerCpuSecond, memoryMiB }) => [
      contender,
      requestsPerSecond.toFixed(0),
      requestsPerCpuSecond.toFixed(0),
      memoryMiB.before?.toFixed(0) ?? '–',
      memoryMiB.after?.toFixed(0) ?? '–',
    ]),
  )
}

function weightTable({ weights }: EdgeOutcome): string {
  const kilobytes = (bytes: number) => (bytes / 1_000).toFixed(0)
  return markdownTable(
    ['variant', 'script, KB', 'gzip', 'weights, gzip', 'start, CPU ms'],
    weights.map(({ contender, bundle, startMs }) => [
      contender,
      kilobytes(bundle.script),
      kilobytes(bundle.scriptGzip),
      kilobytes(bundle.dataGzip),
      startMs.toFixed(0),
    ]),
  )
}
