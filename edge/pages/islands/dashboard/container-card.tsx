/**
 * The container as the router sees it: whether it answers, and how long one would wait for it.
 */
import { statusSchema } from '../../dashboard/api-schemas.ts'
import { formatDuration } from '../../format-figures.ts'
import { readApi } from './api.ts'
import { ProblemNotice } from './problem-notice.tsx'
import { useLoaded } from './use-loaded.ts'

const STATES: Readonly<Record<string, string>> = {
  ready: 'ready',
  busy: 'busy: its queue is full',
  waking: 'waking up',
  down: 'not reached: Claude answers',
  unknown: 'not asked yet',
}

/** Renders the card. */
export function ContainerCard() {
  const { value, problem, reload } = useLoaded('status', () => readApi('/v1/router/status', statusSchema))
  const local = value?.local
  return (
    <section class="card">
      <h2>Container</h2>
      <ProblemNotice problem={problem} />
      {local === undefined ? null : local.enabled ? (
        <>
          <p>
            {local.model ?? 'No model known yet'}, strategy {value?.strategy}.
          </p>
          <ul class="plain">
            {local.servers.map(({ state, expectedWaitMs }, index) => (
              <li key={index}>
                <span class={`badge ${state === 'ready' ? 'local' : state === 'down' ? 'danger' : ''}`}>
                  {STATES[state] ?? state}
                </span>{' '}
                {local.servers.length > 1 ? `Server ${index + 1}: ` : ''}
                expected wait {formatDuration(expectedWaitMs)}
              </li>
            ))}
          </ul>
        </>
      ) : (
        <p>No local model is set up (LOCAL_LLM_ENABLED): Claude answers everything.</p>
      )}
      <button type="button" class="small" onClick={reload}>
        Look again
      </button>
    </section>
  )
}
