/**
 * Shows the filter and changes it: period, time zone, and one chip for each condition.
 */
import { useState } from 'hono/jsx/dom'
import { isTimeZone } from '../../../time-zone.ts'
import {
  FIGURE_FIELDS,
  FILTER_FIELDS,
  type Filter,
  type FilterField,
  narrow,
  PRESETS,
  type Preset,
} from '../../dashboard/filter.ts'
import { createTimeFormat } from '../../format-figures.ts'
import { fieldValue } from '../shared/field-value.ts'
import { HOME_TIMEZONE } from './use-address.ts'

export type FilterBarProperties = {
  readonly filter: Filter
  readonly problems: readonly string[]
  readonly setFilter: (filter: Filter) => void
  /** Whether conditions can be set that only the list of receipts knows. */
  readonly forList: boolean
}

const PRESET_LABELS: Readonly<Record<Preset, string>> = {
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
  '90d': '90 days',
}
const FIELD_LABELS: Readonly<Record<FilterField, string>> = {
  tenant: 'Tenant',
  user: 'User',
  route: 'Route',
  model: 'Model',
  task: 'Task',
  outcome: 'Outcome',
  fallback: 'Fallback',
  cache: 'Cache',
  budget: 'Budget',
  feedback: 'Feedback',
}

/** Renders the bar. */
export function FilterBar({ filter, problems, setFilter, forList }: FilterBarProperties) {
  return (
    <section class="filters" aria-label="Filter">
      <div class="filter-row">
        <fieldset class="presets">
          <legend class="unseen">Period</legend>
          {(Object.keys(PRESETS) as Preset[]).map((preset) => (
            <button
              type="button"
              class="small"
              aria-pressed={filter.range === preset ? 'true' : 'false'}
              onClick={() => setFilter({ ...filter, range: preset })}
            >
              {PRESET_LABELS[preset]}
            </button>
          ))}
        </fieldset>
        <TimezoneChoice filter={filter} setFilter={setFilter} />
        <ConditionForm filter={filter} setFilter={setFilter} forList={forList} />
      </div>
      <Chips filter={filter} setFilter={setFilter} />
      {problems.map((problem) => (
        <p class="notice" role="status">
          {problem}
        </p>
      ))}
    </section>
  )
}

type Part = Pick<FilterBarProperties, 'filter' | 'setFilter'>

function TimezoneChoice({ filter, setFilter }: Part) {
  const zones = [...new Set([HOME_TIMEZONE, 'UTC', filter.timezone, ...Intl.supportedValuesOf('timeZone')])]
  return (
    <label class="inline">
      <span class="unseen">Time zone</span>
      <select
        value={filter.timezone}
        onChange={(event: Event) => {
          const value = fieldValue(event)
          if (isTimeZone(value)) setFilter({ ...filter, timezone: value })
        }}
      >
        {zones.map((zone) => (
          <option value={zone} selected={zone === filter.timezone}>
            {zone}
          </option>
        ))}
      </select>
    </label>
  )
}

function ConditionForm({
  filter,
  setFilter,
  forList,
}: Pick<FilterBarProperties, 'filter' | 'setFilter' | 'forList'>) {
  const fields = forList ? FILTER_FIELDS : FIGURE_FIELDS
  const [field, setField] = useState<FilterField>('user')
  const [value, setValue] = useState('')
  return (
    <form
      class="condition"
      onSubmit={(event: Event) => {
        event.preventDefault()
        if (value.trim() === '') return
        setFilter(narrow(filter, { [field]: value.trim() }))
        setValue('')
      }}
    >
      <label class="inline">
        <span class="unseen">Condition on</span>
        <select
          onChange={(event: Event) => {
            const chosen = fieldValue(event)
            setField(fields.find((each) => each === chosen) ?? 'user')
          }}
        >
          {fields.map((each) => (
            <option value={each} selected={each === field}>
              {FIELD_LABELS[each]}
            </option>
          ))}
        </select>
      </label>
      <label class="inline">
        <span class="unseen">Value of the condition</span>
        <input value={value} placeholder="is …" onInput={(event: Event) => setValue(fieldValue(event))} />
      </label>
      <button type="submit" class="small">
        Add
      </button>
    </form>
  )
}

function Chips({ filter, setFilter }: Part) {
  const set = FILTER_FIELDS.flatMap((field) => {
    const value = filter.conditions[field]
    return value === undefined ? [] : [{ field, value }]
  })
  const { range } = filter
  if (set.length === 0 && typeof range === 'string') return null
  const time = createTimeFormat(filter.timezone)
  return (
    <ul class="chips" aria-label="Conditions">
      {typeof range === 'string' ? null : (
        <li>
          {time(range.from)} to {time(range.to)}
          <button
            type="button"
            aria-label="Remove the period"
            onClick={() => setFilter({ ...filter, range: '30d' })}
          >
            ×
          </button>
        </li>
      )}
      {set.map(({ field, value }) => (
        <li key={field}>
          {FIELD_LABELS[field]}: {value}
          <button
            type="button"
            aria-label={`Remove the condition on ${FIELD_LABELS[field].toLowerCase()}`}
            onClick={() => setFilter(narrow(filter, { [field]: undefined }))}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  )
}
