/**
 * The sentence's figures once more, each with its course over the period and a link to the receipts behind it.
 */
import { formatShare } from '../../../../shared/savings-sentence.ts'
import type { UsageTotals } from '../../../ledger/ledger.ts'
import { type Filter, narrow } from '../../dashboard/filter.ts'
import { addUp, overTime, selectRows } from '../../dashboard/usage-figures.ts'
import { formatCount, formatUsd } from '../../format-figures.ts'
import type { Overview } from './load-overview.ts'
import { Sparkline } from './sparkline.tsx'
import { requestsPath } from './use-address.ts'

type Tile = {
  readonly label: string
  readonly value: string
  readonly filter: Filter
  readonly numbers: readonly number[]
  readonly color?: 'local' | 'claude'
}

/** Renders the tiles. */
export function OverviewTiles({ overview }: { readonly overview: Overview }) {
  return (
    <ul class="tiles">
      {tilesOf(overview).map(({ label, value, filter, numbers, color }) => (
        <li class="card" key={label}>
          <a href={requestsPath(filter)}>
            <span class="soft">{label}</span>
            <strong class="number">{value}</strong>
          </a>
          <Sparkline numbers={numbers} color={color} />
        </li>
      ))}
    </ul>
  )
}

function tilesOf({ series, time, filter }: Overview): Tile[] {
  const totals = addUp(series)
  const local = selectRows(series, { route: 'local' })
  const course = (read: (totals: UsageTotals) => number, rows = series) => overTime(rows, time).map(read)
  return [
    {
      label: 'Requests',
      value: formatCount(totals.requests),
      filter,
      numbers: course(({ requests }) => requests),
    },
    {
      label: 'Answered locally',
      value: formatShare(addUp(local).requests, totals.requests),
      filter: narrow(filter, { route: 'local' }),
      numbers: course(({ requests }) => requests, local),
      color: 'local',
    },
    {
      label: 'Claude’s cost',
      value: formatUsd(totals.costNanoUsd),
      filter: narrow(filter, { route: 'claude' }),
      numbers: course(({ costNanoUsd }) => costNanoUsd),
      color: 'claude',
    },
    {
      label: 'Saved on tokens',
      value: formatUsd(totals.savedNanoUsd),
      filter,
      numbers: course(({ savedNanoUsd }) => Math.max(0, savedNanoUsd)),
      color: 'local',
    },
    {
      label: 'Failed',
      value: formatCount(totals.failed),
      filter: narrow(filter, { outcome: 'failed' }),
      numbers: course(({ failed }) => failed),
    },
  ]
}
