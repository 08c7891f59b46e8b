/**
 * What simulations found, as a table of Markdown. Shares of what prompts cost without any marks; less than nothing is a loss.
 */
import type { Simulated } from './simulate.ts'

const HEAD = [
  '| traffic | requests | saved | worst run | marked | top level always | both always |',
  '| --- | --: | --: | --: | --: | --: | --: |',
]

/** Returns the table; of each row the runs differ by chance only. */
export function renderTable(
  rows: readonly { readonly name: string; readonly runs: readonly Simulated[] }[],
): string {
  return [...HEAD, ...rows.map(({ name, runs }) => renderRow(name, runs))].join('\n')
}

/** Returns the worst saving of one run, as a share; less than nothing is a loss. */
export function worstSaving(runs: readonly Simulated[]): number {
  return Math.min(...runs.map(({ plain, automatic }) => saved(plain, automatic)))
}

function renderRow(name: string, runs: readonly Simulated[]): string {
  const sum = (count: (run: Simulated) => number) => runs.reduce((total, run) => total + count(run), 0)
  const plain = sum((run) => run.plain)
  const requests = sum((run) => run.requests)
  const cells = [
    name,
    String(requests),
    percent(
      saved(
        plain,
        sum((run) => run.automatic),
      ),
    ),
    percent(worstSaving(runs)),
    percent(requests === 0 ? 0 : sum((run) => run.marked) / requests),
    percent(
      saved(
        plain,
        sum((run) => run.alwaysConversation),
      ),
    ),
    percent(
      saved(
        plain,
        sum((run) => run.alwaysBoth),
      ),
    ),
  ]
  return `| ${cells.join(' | ')} |`
}

function saved(plain: number, cost: number): number {
  return plain === 0 ? 0 : (plain - cost) / plain
}

/** Returns a share in percent with one digit behind the point. */
export function percent(share: number): string {
  const text = (Math.abs(share) * 100).toFixed(1)
  return `${share < 0 && text !== '0.0' ? '−' : ''}${text} %`
}
