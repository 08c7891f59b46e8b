/**
 * Values beside each other as bars: a table whose rows are links, with plain SVG bars that only decorate.
 */

export type BarRow = {
  readonly label: string
  readonly href: string | undefined
  /** The bar's length, among the rows. */
  readonly size: number
  /** One text for each column. */
  readonly figures: readonly string[]
  readonly color?: 'local' | 'claude' | 'cache' | undefined
}

export type BarListProperties = {
  readonly caption: string
  /** Heads of the label's and the figures' columns. */
  readonly heads: readonly string[]
  readonly rows: readonly BarRow[]
}

/** Renders the table. */
export function BarList({ caption, heads, rows }: BarListProperties) {
  const longest = Math.max(1, ...rows.map(({ size }) => size))
  return (
    <table class="bars">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {heads.map((head, index) => (
            <th scope="col" class={index === 0 ? undefined : 'figure'}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ label, href, size, figures, color }) => (
          <tr key={label}>
            <th scope="row">
              {href === undefined ? label : <a href={href}>{label}</a>}
              <svg
                class={`bar-line ${color ?? ''}`}
                viewBox="0 0 100 4"
                preserveAspectRatio="none"
                aria-hidden="true"
              >
                <rect width={size === 0 ? 0 : Math.max(1, (100 * size) / longest)} height="4" />
              </svg>
            </th>
            {figures.map((figure) => (
              <td class="figure">{figure}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
