/**
 * The one filter of all dashboard pages, as it stands in their addresses: period, time zone and conditions. Reads and
 * writes query strings; asks nobody and shows nothing.
 */
import { isTimeZone } from '../../time-zone.ts'

/** Periods that end now, by their names in an address, in milliseconds. */
export const PRESETS = { '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000, '90d': 7_776_000_000 }
export type Preset = keyof typeof PRESETS
export const DEFAULT_PRESET: Preset = '30d'

/** Conditions that figures can be narrowed by. */
export const FIGURE_FIELDS = ['tenant', 'user', 'route', 'model', 'task'] as const
/** Conditions that only the list of receipts knows: nothing is added up by them. */
export const LIST_FIELDS = ['outcome', 'fallback', 'cache', 'budget', 'feedback'] as const
export const FILTER_FIELDS = [...FIGURE_FIELDS, ...LIST_FIELDS] as const
export type FilterField = (typeof FILTER_FIELDS)[number]

/** Milliseconds since the epoch, `to` exclusive. */
export type Period = { readonly from: number; readonly to: number }

export type Filter = {
  readonly range: Preset | Period
  /** IANA name; days and hours begin by it. */
  readonly timezone: string
  readonly conditions: Readonly<Partial<Record<FilterField, string>>>
}

export type ReadFilter = {
  readonly filter: Filter
  /** Parts of the address that mean nothing, each in a sentence. */
  readonly problems: readonly string[]
}

/**
 * Returns the filter of an address. What it does not say, and what it says wrongly, is as in a new visit.
 * @param timezone what holds unless the address names another
 */
export function readFilter(query: URLSearchParams, timezone: string): ReadFilter {
  const problems: string[] = []
  const asked = query.get('timezone')
  if (asked !== null && !isTimeZone(asked))
    problems.push(`There is no time zone "${shortened(asked)}": times are shown in ${timezone}.`)
  const conditions: Partial<Record<FilterField, string>> = {}
  for (const field of FILTER_FIELDS) {
    const value = query.get(field)
    if (value !== null && value !== '') conditions[field] = value
  }
  const filter = {
    range: readRange(query, problems),
    timezone: asked !== null && isTimeZone(asked) ? asked : timezone,
    conditions,
  }
  return { filter, problems }
}

/** Returns the address's query, without "?"; what is as in a new visit is left out. */
export function writeFilter(filter: Filter, timezone: string): string {
  const query = new URLSearchParams()
  const { range } = filter
  if (typeof range !== 'string') {
    query.set('from', new Date(range.from).toISOString())
    query.set('to', new Date(range.to).toISOString())
  } else if (range !== DEFAULT_PRESET) query.set('range', range)
  if (filter.timezone !== timezone) query.set('timezone', filter.timezone)
  for (const field of FILTER_FIELDS) {
    const value = filter.conditions[field]
    if (value !== undefined && value !== '') query.set(field, value)
  }
  return query.toString()
}

/** Returns the period that is meant at this time. */
export function periodOf({ range }: Filter, now: number): Period {
  return typeof range === 'string' ? { from: now - PRESETS[range], to: now } : range
}

/** Returns the filter with these conditions set, or taken away where they are undefined. */
export function narrow(
  filter: Filter,
  conditions: { readonly [field in FilterField]?: string | undefined },
): Filter {
  const kept = Object.entries({ ...filter.conditions, ...conditions }).filter(
    ([, value]) => value !== undefined,
  )
  return { ...filter, conditions: Object.fromEntries(kept) }
}

function readRange(query: URLSearchParams, problems: string[]): Preset | Period {
  const [from, to] = [query.get('from'), query.get('to')]
  if (from !== null || to !== null) {
    const period = { from: Date.parse(from ?? ''), to: Date.parse(to ?? '') }
    if (period.from < period.to) return period
    problems.push(
      'The address names a period that is none ("from" must be a time before "to"): the last 30 days are shown.',
    )
  }
  const range = query.get('range')
  if (range === null) return DEFAULT_PRESET
  if (isPreset(range)) return range
  problems.push(
    `There is no period "${shortened(range)}", only ${Object.keys(PRESETS).join(', ')}: the last 30 days are shown.`,
  )
  return DEFAULT_PRESET
}

function isPreset(name: string): name is Preset {
  return Object.hasOwn(PRESETS, name)
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
