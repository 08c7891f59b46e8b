/**
 * One receipt: what was asked, why it was decided so, what was tried, what it cost; and the word of a person on it.
 */
import { useState } from 'hono/jsx/dom'
import * as z from 'zod/mini'
import {
  FEEDBACK,
  type Feedback,
  type KeptReceipt,
  keptReceiptSchema,
} from '../../../ledger/receipt-record.ts'
import {
  createTimeFormat,
  formatCount,
  formatDuration,
  formatExactUsd,
  formatLatency,
} from '../../format-figures.ts'
import { type ApiProblem, callApi, readApi } from './api.ts'
import { BarList } from './bar-list.tsx'
import { Facts } from './facts.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { RouteBadge } from './route-badge.tsx'
import { HOME_TIMEZONE } from './use-address.ts'
import { asProblem, useLoaded } from './use-loaded.ts'

const FEEDBACK_LABELS: Readonly<Record<Feedback, string>> = {
  good: 'Good',
  bad: 'Bad',
  should_be_claude: 'Should have been Claude',
  should_be_local: 'Should have been local',
}

/** Renders the view of the receipt that the address names. */
export function ReceiptView() {
  const path = `/v1/router/requests/${location.pathname.split('/').at(-1) ?? ''}`
  const { value: receipt, problem, loading } = useLoaded(path, () => readApi(path, keptReceiptSchema))
  return (
    <div aria-busy={loading ? 'true' : 'false'}>
      <h1>Request {receipt === undefined ? '' : <RouteBadge route={receipt.route} />}</h1>
      <ProblemNotice problem={problem} />
      {receipt === undefined ? null : <Sections receipt={receipt} path={path} />}
    </div>
  )
}

function Sections({ receipt, path }: { readonly receipt: KeptReceipt; readonly path: string }) {
  const time = createTimeFormat(HOME_TIMEZONE)
  return (
    <>
      <p class="soft">
        <code>{receipt.id}</code>, {time(receipt.startedAt)} ({HOME_TIMEZONE})
      </p>
      <FeedbackButtons receipt={receipt} path={path} />
      <div class="cards">
        <Facts
          title="Request"
          facts={[
            ['Tenant', receipt.tenant],
            ['User', receipt.user ?? 'none named'],
            ['API', receipt.surface],
            ['Model asked for', receipt.requestedModel],
            ['Stream', receipt.stream ? 'yes' : 'no'],
          ]}
        />
        <Facts
          title="Answer"
          facts={[
            ['Answered by', receipt.model ?? 'nobody'],
            [
              'Outcome',
              receipt.errorCode === null ? receipt.outcome : `${receipt.outcome} (${receipt.errorCode})`,
            ],
            ['First content', receipt.firstContentMs === null ? '–' : formatDuration(receipt.firstContentMs)],
            ['Whole answer', formatLatency(receipt)],
            ['Cache', receipt.cache],
          ]}
        />
        <Facts
          title="Decision"
          facts={[
            ['Reason', receipt.reason],
            ['Strategy', receipt.strategy],
            ['Task', receipt.task],
            ['Score', scoreFact(receipt)],
            ['Second look', receipt.judgeScore?.toFixed(3)],
            ['Would only guess', receipt.handoverScore?.toFixed(3)],
            ['Answer looked wrong', receipt.verifyScore?.toFixed(3)],
            ['Guard', receipt.guard ?? undefined],
            ['Fallback', receipt.fallback ?? undefined],
            ['Budget', receipt.budget ?? undefined],
          ]}
        />
        <Facts
          title="Money"
          facts={[
            ['Cost', amount(receipt.costNanoUsd)],
            [`${receipt.baselineModel} alone`, amount(receipt.baselineNanoUsd)],
            ['Saved', amount(receipt.savedNanoUsd)],
            ...tokenFacts(receipt),
          ]}
        />
      </div>
      <Evidence receipt={receipt} />
      <Attempts receipt={receipt} />
      <Content receipt={receipt} />
    </>
  )
}

function FeedbackButtons({ receipt, path }: { readonly receipt: KeptReceipt; readonly path: string }) {
  const [given, setGiven] = useState(receipt.feedback)
  const [problem, setProblem] = useState<ApiProblem | undefined>(undefined)
  const give = (feedback: Feedback) => {
    callApi('POST', `${path}/feedback`, { feedback }, z.unknown()).then(
      () => {
        setGiven(feedback)
        setProblem(undefined)
      },
      (error: unknown) => setProblem(asProblem(error)),
    )
  }
  return (
    <>
      <fieldset class="presets">
        <legend>Was this the right answer from the right side?</legend>
        {FEEDBACK.map((feedback) => (
          <button
            type="button"
            class="small"
            aria-pressed={given === feedback ? 'true' : 'false'}
            onClick={() => give(feedback)}
          >
            {FEEDBACK_LABELS[feedback]}
          </button>
        ))}
      </fieldset>
      <p class="unseen" role="status">
        {given === null ? '' : `Kept: ${FEEDBACK_LABELS[given]}.`}
      </p>
      <ProblemNotice problem={problem} />
    </>
  )
}

function Evidence({ receipt: { evidence } }: { readonly receipt: KeptReceipt }) {
  if (evidence.length === 0) return null
  return (
    <section class="card">
      <h2>What spoke for and against</h2>
      <BarList
        caption="Evidence, strongest first"
        heads={['What', 'Towards', 'Weight']}
        rows={evidence.map(({ kind, weight, towards }) => ({
          label: kind,
          href: undefined,
          size: Math.abs(weight),
          color: towards === 'simple' ? 'local' : 'claude',
          figures: [towards, Math.abs(weight).toFixed(2)],
        }))}
      />
    </section>
  )
}

function Attempts({ receipt: { attempts } }: { readonly receipt: KeptReceipt }) {
  if (attempts.length === 0) return null
  return (
    <section class="card">
      <h2>Tried before</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Side</th>
            <th scope="col">Why it gave no answer</th>
            <th scope="col" class="figure">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {attempts.map(({ provider, cause, costNanoUsd }) => (
            <tr>
              <td>{provider}</td>
              <td>{cause}</td>
              <td class="figure">{amount(costNanoUsd)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Content({ receipt: { content } }: { readonly receipt: KeptReceipt }) {
  if (content === undefined) return null
  return (
    <section class="card">
      <h2>Content</h2>
      <h3>Request</h3>
      <pre>{content.request}</pre>
      <h3>Answer</h3>
      <pre>{content.answer}</pre>
    </section>
  )
}

function amount(nanoUsd: number | null): string {
  return nanoUsd === null ? 'not known' : formatExactUsd(nanoUsd)
}

/** Nothing judges the rows of a batch. */
function scoreFact({ surface, score, threshold }: KeptReceipt): string | undefined {
  return surface === 'batches' ? undefined : `${score.toFixed(3)}, complex from ${threshold.toFixed(3)}`
}

function markedFact(promptCache: KeptReceipt['promptCache']): string | undefined {
  if (promptCache === null) return undefined
  const { decision, marked } = promptCache
  return decision === 'added' ? marked.join(', ') : `nothing: ${decision.replaceAll('_', ' ')}`
}

function tokenFacts({ tokens, promptCache }: KeptReceipt): [string, string | undefined][] {
  if (tokens === null) return [['Tokens', 'not known']]
  return [
    ['Input tokens', formatCount(tokens.input)],
    ['Output tokens', formatCount(tokens.output)],
    ['Of these reasoning', tokens.reasoning === null ? undefined : formatCount(tokens.reasoning)],
    ['Written to Claude’s cache', formatCount(tokens.cacheWrite)],
    ['Read from Claude’s cache', formatCount(tokens.cacheRead)],
    ['Marked for it by the router', markedFact(promptCache)],
  ]
}
