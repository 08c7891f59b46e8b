/**
 * One answer: who gave it and why, its text, what it took, its receipt and the request as code.
 */
import { formatCount, formatDuration, formatExactUsd } from '../../format-figures.ts'
import { type Answer, isOpen } from '../../playground/conversation.ts'
import { Snippets } from './snippets.tsx'
import { nameRoute } from './words.ts'

/** Renders the card. */
export function AnswerCard({ answer }: { readonly answer: Answer }) {
  const { state, text, facts, model, error, receipt, force } = answer
  const route = receipt?.route ?? facts?.route
  const reason = receipt?.reason ?? facts?.reason
  const fallback = receipt?.fallback ?? facts?.fallback
  return (
    <article
      class={`answer ${route ?? ''}`}
      aria-label={`Answer, ${route === undefined ? 'nobody yet' : nameRoute(route)}`}
    >
      <header>
        {route === undefined ? null : <span class={`badge ${route}`}>{nameRoute(route)}</span>}
        {model === undefined ? null : <strong class="model">{model}</strong>}
        {reason === undefined ? null : <span class="soft">{reason}</span>}
        {fallback === undefined || fallback === null ? null : <FallbackBadge cause={fallback} />}
        {route === undefined && isOpen(answer) ? (
          <span class="soft">{force === undefined ? 'Asking …' : `Asking ${nameRoute(force)} …`}</span>
        ) : null}
      </header>
      {text === '' && state === 'waiting' ? (
        <p class="waiting" aria-hidden="true">
          <i />
          <i />
          <i />
        </p>
      ) : null}
      {/* There from the beginning, and busy while text comes: it is read out once, whole. */}
      <div class="text" aria-live="polite" aria-busy={isOpen(answer) ? 'true' : 'false'}>
        {text}
      </div>
      {text === '' && state === 'done' ? <p class="soft">The answer holds no text.</p> : null}
      {error === undefined ? null : (
        <p class="notice danger" role="alert">
          {error.message}{' '}
          <span class="number">
            ({error.status === undefined ? '' : `${error.status} `}
            {error.type})
          </span>
        </p>
      )}
      {isOpen(answer) ? null : <Figures answer={answer} />}
    </article>
  )
}

function Figures({ answer }: { readonly answer: Answer }) {
  const { receipt, request, state, stopReason, firstWordMs, totalMs, inputTokens, outputTokens } = answer
  const figures = [
    firstWordMs === undefined ? undefined : ['First word', formatDuration(firstWordMs)],
    totalMs === undefined ? undefined : ['Total', formatDuration(totalMs)],
    inputTokens === undefined && outputTokens === undefined
      ? undefined
      : ['Tokens', `${formatCount(inputTokens ?? 0)} in, ${formatCount(outputTokens ?? 0)} out`],
    receipt === undefined || receipt.costNanoUsd === null
      ? undefined
      : ['Cost', formatExactUsd(receipt.costNanoUsd)],
    receipt === undefined || receipt.savedNanoUsd === null
      ? undefined
      : ['Saved', formatExactUsd(receipt.savedNanoUsd)],
    state === 'stopped' ? ['Ended', 'stopped by you'] : undefined,
    stopReason === 'max_tokens' ? ['Ended', 'at max tokens'] : undefined,
  ].filter((figure) => figure !== undefined)
  return (
    <footer>
      <dl class="figures">
        {figures.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd class="number">{value}</dd>
          </div>
        ))}
      </dl>
      {receipt === undefined ? null : <a href={`/dashboard/requests/${receipt.id}`}>Receipt</a>}
      <Snippets request={request} />
    </footer>
  )
}

function FallbackBadge({ cause }: { readonly cause: string }) {
  // A budget that is used up chose another model; the local one has not failed.
  if (cause === 'budget') return <span class="badge">budget used up</span>
  return <span class="badge danger">local model: {cause.replaceAll('_', ' ')}</span>
}
