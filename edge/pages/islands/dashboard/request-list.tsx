/**
 * The list of receipts under the filter, a page at a time. A page is asked for by its cursor, which stands in the
 * address.
 */
import type { KeptReceipt } from '../../../ledger/receipt-record.ts'
import { receiptPageSchema } from '../../dashboard/api-schemas.ts'
import { periodOf } from '../../dashboard/filter.ts'
import { receiptsQuery } from '../../dashboard/usage-plan.ts'
import { createTimeFormat, formatExactUsd, formatLatency } from '../../format-figures.ts'
import { readApi } from './api.ts'
import { FilterBar } from './filter-bar.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { RouteBadge } from './route-badge.tsx'
import { UnreadNotice } from './unread-notice.tsx'
import { receiptPath, requestsPath, useAddress } from './use-address.ts'
import { useLoaded } from './use-loaded.ts'

const PAGE_SIZE = 50

/** Renders the view. */
export function RequestList() {
  const { filter, problems, setFilter, cursor } = useAddress()
  const period = periodOf(filter, Date.now())
  const load = () =>
    readApi(
      `/v1/router/requests?${receiptsQuery(filter, period, { limit: PAGE_SIZE, cursor })}`,
      receiptPageSchema,
    )
  const { value, problem, loading } = useLoaded(JSON.stringify([filter, cursor]), load)
  const lines = receiptsQuery(filter, period)
  const next = value?.cursor ?? undefined
  return (
    <div aria-busy={loading ? 'true' : 'false'}>
      <h1>Requests</h1>
      <FilterBar filter={filter} problems={problems} setFilter={setFilter} forList={true} />
      <ProblemNotice problem={problem} />
      {value === undefined ? null : <UnreadNotice unread={value.unread} />}
      {value === undefined ? null : value.data.length === 0 ? (
        <p class="card">No request of this period meets the filter.</p>
      ) : (
        <ReceiptTable receipts={value.data} timezone={filter.timezone} />
      )}
      <nav class="pages" aria-label="Pages of the list">
        {cursor === undefined ? null : <a href={requestsPath(filter)}>Newest</a>}
        {next === undefined ? null : (
          <a href={requestsPath(filter, next)} rel="next">
            Older
          </a>
        )}
        <a class="export" href={`/v1/router/requests?${lines}&format=jsonl`} download="receipts.jsonl">
          Download as JSON Lines
        </a>
      </nav>
    </div>
  )
}

function ReceiptTable({
  receipts,
  timezone,
}: {
  readonly receipts: readonly KeptReceipt[]
  readonly timezone: string
}) {
  const time = createTimeFormat(timezone)
  return (
    <table class="receipts">
      <caption class="unseen">Requests, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Route</th>
          <th scope="col">Model</th>
          <th scope="col">Task</th>
          <th scope="col">User</th>
          <th scope="col">Outcome</th>
          <th scope="col" class="figure">
            Cost
          </th>
          <th scope="col" class="figure">
            Latency
          </th>
        </tr>
      </thead>
      <tbody>
        {receipts.map((receipt) => (
          <tr key={receipt.id}>
            <th scope="row" class="number">
              <a href={receiptPath(receipt.id)}>{time(receipt.startedAt)}</a>
            </th>
            <td>
              <RouteBadge route={receipt.route} />
            </td>
            <td>{receipt.model ?? '–'}</td>
            <td>{receipt.task}</td>
            <td data-label="User">{receipt.user ?? '–'}</td>
            <td data-label="Outcome">
              {receipt.outcome}
              {receipt.fallback === null ? '' : `, fell back: ${receipt.fallback}`}
            </td>
            <td class="figure" data-label="Cost">
              {receipt.costNanoUsd === null ? 'not known' : formatExactUsd(receipt.costNanoUsd)}
            </td>
            <td class="figure" data-label="Latency">
              {formatLatency(receipt)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
