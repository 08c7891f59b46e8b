/**
 * What the router would do with the message, and why: where it would go, score, reasons, prices, and what would change it.
 */
import { formatEstimatedUsd } from '../../playground/format-estimate.ts'
import type { Explanation } from '../../playground/router-client.ts'
import { ScoreBar } from './score-bar.tsx'
import type { Verdict } from './use-verdict.ts'
import { nameRoute, nameTask } from './words.ts'

/** Renders the panel. */
export function VerdictPanel({
  verdict,
  claudeAvailable,
}: {
  readonly verdict: Verdict
  readonly claudeAvailable: boolean
}) {
  const { explanation, error } = verdict
  return (
    <section class="card verdict" aria-labelledby="verdict-title">
      <h2 id="verdict-title">Verdict</h2>
      {error === undefined ? null : (
        <p class="notice danger" role="status">
          {error.message}
        </p>
      )}
      {explanation === undefined ? (
        error === undefined ? (
          <p class="soft">
            Write a message: before you send it, you see here who would answer, and why. No model is asked for
            that.
          </p>
        ) : null
      ) : (
        <Decision explanation={explanation} claudeAvailable={claudeAvailable} />
      )}
    </section>
  )
}

/** Renders the verdict in a few words; the panel tells screen readers of it already. */
export function ShortVerdict({ verdict: { explanation } }: { readonly verdict: Verdict }) {
  if (explanation === undefined) return null
  const { route, task, score } = explanation
  return (
    <span aria-hidden="true">
      <span class={`badge ${route ?? 'danger'}`}>{route === null ? 'Refused' : nameRoute(route)}</span>{' '}
      <span class="soft">
        {nameTask(task)}, {score.toFixed(2)}
      </span>
    </span>
  )
}

function Decision({
  explanation,
  claudeAvailable,
}: {
  readonly explanation: Explanation
  readonly claudeAvailable: boolean
}) {
  const { route, targets, reason, rejection, budget, task, score, thresholds, guard, whatWouldChange } =
    explanation
  const [first, ...rest] = targets
  return (
    <>
      <p class="headline" aria-live="polite">
        <span class={`badge ${route ?? 'danger'}`}>{route === null ? 'Refused' : nameRoute(route)}</span>{' '}
        <span>{first === undefined || first.model === 'local' ? reason : `${first.model} · ${reason}`}</span>
      </p>
      {budget === null || budget.effect === 'refused' ? null : (
        <p class="notice">
          A limit of this key is reached, so the request goes another way. {budget.message}
        </p>
      )}
      {rejection === null ? null : <p class="notice danger">{rejection}</p>}
      {route === 'claude' && !claudeAvailable ? (
        <p class="notice">Claude has no key on this router: sent, it gets an error that says so.</p>
      ) : null}
      <p class="soft">
        Looks like {nameTask(task)}, score <span class="number">{score.toFixed(3)}</span>.
        {guard === null ? '' : ` A guard keeps it from the local model: ${guard}.`}
        {rest.length === 0 ? '' : ` If that fails: ${rest.map(({ model }) => model).join(', then ')}.`}
      </p>
      <ScoreBar score={score} thresholds={thresholds} />
      <Reasons reasons={explanation.reasons} />
      <Prices prices={explanation.prices} />
      {whatWouldChange.length === 0 ? null : (
        <details>
          <summary>What would change it</summary>
          <ul class="changes">
            {whatWouldChange.map(({ statement }) => (
              <li>{statement}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

/** Above this weight (logit) a reason's bar is full. */
const FULL_WEIGHT = 1.6
const HALF = 50

function Reasons({ reasons }: Pick<Explanation, 'reasons'>) {
  if (reasons.length === 0) return null
  return (
    <>
      <h3>
        Reasons <span class="soft">in the last message</span>
      </h3>
      <ul class="reasons">
        {reasons.map(({ what, weight, towards }) => {
          const length = Math.max(2, Math.min(1, Math.abs(weight) / FULL_WEIGHT) * HALF)
          return (
            <li>
              <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                <rect class="axis" x="49.500" y="0" width="1" height="10" />
                <rect
                  class={towards === 'simple' ? 'zone-local' : 'zone-strong'}
                  x={towards === 'simple' ? HALF - length : HALF}
                  y="1.500"
                  width={length}
                  height="7"
                />
              </svg>
              <span>
                {what.replace(/ (in|of) the last message$/, '')}{' '}
                <span class="unseen">speaks for {towards}</span>
              </span>
            </li>
          )
        })}
      </ul>
    </>
  )
}

function Prices({ prices }: Pick<Explanation, 'prices'>) {
  const rows = [prices.local, prices.cheap, prices.strong].filter((row) => row !== null)
  return (
    <>
      <h3>
        Expected price{' '}
        <span class="soft number">
          ~{prices.inputTokens} tokens in, {prices.outputTokens} out
        </span>
      </h3>
      <table class="prices">
        <tbody>
          {rows.map(({ model, usd }) => (
            <tr class={prices.chosen?.model === model ? 'chosen' : ''}>
              <td>{model === 'local' ? 'local model' : model}</td>
              <td class="number">{usd === null ? 'unknown' : formatEstimatedUsd(usd)}</td>
              <td>{prices.chosen?.model === model ? 'chosen' : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
