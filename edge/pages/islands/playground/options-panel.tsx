/**
 * What is sent along with the message, and the key where one is needed.
 */
import { STRATEGIES } from '../../../strategy.ts'
import { type AskOptions, USUAL_OPTIONS } from '../../playground/ask-options.ts'
import { fieldValue } from '../shared/field-value.ts'

type OptionsProperties = {
  readonly options: AskOptions
  readonly models: readonly string[]
  readonly onOptions: (options: AskOptions) => void
}

/** Renders the fields, closed at first. */
export function OptionsPanel({ options, models, onOptions }: OptionsProperties) {
  const change = (changed: Partial<AskOptions>) => onOptions({ ...options, ...changed })
  return (
    <details class="card options">
      <summary>
        <h2>Options</h2>
      </summary>
      <label class="field">
        Model
        <input
          list="models"
          value={options.model}
          onInput={(event: Event) => change({ model: fieldValue(event) })}
        />
      </label>
      <datalist id="models">
        {models.map((model) => (
          <option value={model} />
        ))}
      </datalist>
      <label class="field">
        Strategy
        <select
          value={options.strategy ?? ''}
          onChange={(event: Event) =>
            change({ strategy: STRATEGIES.find((name) => name === fieldValue(event)) })
          }
        >
          <option value="">as the router is set</option>
          {STRATEGIES.map((name) => (
            <option value={name}>{name}</option>
          ))}
        </select>
      </label>
      <label class="field">
        Max tokens
        <input
          type="number"
          min={1}
          max={64_000}
          value={String(options.maxTokens)}
          onChange={(event: Event) => {
            const tokens = Math.trunc(Number(fieldValue(event)))
            change({ maxTokens: tokens >= 1 ? tokens : USUAL_OPTIONS.maxTokens })
          }}
        />
      </label>
      <label class="field">
        System prompt
        <textarea
          rows={3}
          value={options.system}
          onInput={(event: Event) => change({ system: fieldValue(event) })}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={options.skipCache}
          onChange={() => change({ skipCache: !options.skipCache })}
        />
        Leave the cache alone
      </label>
    </details>
  )
}
