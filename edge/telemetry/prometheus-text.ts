/**
 * Prometheus' text format 0.0.4: families of samples and how their labels are escaped. Knows no metric.
 */

export type Labels = Readonly<Record<string, string>>
export type Sample = {
  readonly labels: Labels
  readonly value: number
  /** What stands after the family's name: a histogram's `_bucket` and `_count`. */
  readonly suffix?: '_bucket' | '_count'
}
export type Family = {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly Sample[]
}

export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Returns the text of these families; one without samples is left out. */
export function prometheusText(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) => {
      const lines = samples.map(
        ({ labels, value, suffix = '' }) => `${name}${suffix}${labelText(labels)} ${value}\n`,
      )
      return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join('')}`
    })
    .join('')
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** A carriage return is no escape of the format, but readers that split lines by it would see two. */
function escapeLabel(value: string): string {
  return escapeHelp(value).replaceAll('"', '\\"').replaceAll('\r', ' ').toWellFormed()
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
