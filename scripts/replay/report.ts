/**
 * A comparison as a person reads it. Computes nothing that a program would want: `--json` gives the comparison itself.
 */
import type { Comparison, Flow, Money } from './compare.ts'

/** Returns the lines of the report. */
export function renderReport({ requests, estimated, before, after, flows, moved }: Comparison): string {
  const stay = requests - moved.length
  return [
    `${count(requests, 'request')}: ${stay} stay, ${moved.length} move${moved.length === 1 ? 's' : ''}`,
    ...flows.map(renderFlow),
    '',
    `Claude: ${dollars(before)} before, ${dollars(after)} after (${change(before, after)}). The local model costs nothing by the token.`,
    ...(estimated > 0
      ? [`Tokens of ${count(estimated, 'request')} are estimates: the log has no usage of theirs.`]
      : []),
    ...unpricedNote('before', before),
    ...unpricedNote('after', after),
    ...(moved.length > 0 ? ['', 'Moved:'] : []),
    ...moved.map(
      ({ id, from, to, task, score, reasonBefore, reasonAfter }) =>
        `  ${id}: ${from} → ${to}, ${task}, score ${score.toFixed(2)} (${reasonBefore} → ${reasonAfter})`,
    ),
  ].join('\n')
}

function renderFlow({ from, to, task, requests }: Flow): string {
  return `  ${String(requests).padStart(6)}  ${from} → ${to}, ${task}`
}

function unpricedNote(when: string, { unpriced }: Money): string[] {
  if (unpriced === 0) return []
  return [
    `${count(unpriced, 'request')} ${when} would be for a model whose price is not known, and not counted.`,
  ]
}

function dollars({ usd }: Money): string {
  return `${usd.toFixed(usd < 1 ? 6 : 2)} USD`
}

function change(before: Money, after: Money): string {
  const difference = after.usd - before.usd
  const sign = difference > 0 ? '+' : difference < 0 ? '−' : '±'
  const absolute = `${sign}${dollars({ usd: Math.abs(difference), unpriced: 0 })}`
  if (before.usd === 0) return absolute
  return `${absolute}, ${sign}${((Math.abs(difference) / before.usd) * 100).toFixed(1)} %`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
