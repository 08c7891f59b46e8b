/**
 * A chart over the buckets of a period, drawn by uPlot: stacked bars or lines. Its table says the same in words, with a
 * link to the receipts behind each bucket, for keyboards and screen readers.
 */
import { useEffect, useRef, useState } from 'hono/jsx/dom'
import { bucketLabel, type TimeBucket } from '../../dashboard/time-buckets.ts'
import { type ChartLine, type ChartShape, drawChart } from './draw-chart.ts'

export type TimeChartProperties = {
  readonly title: string
  readonly shape: ChartShape
  readonly buckets: readonly TimeBucket[]
  readonly lines: readonly ChartLine[]
  readonly format: (value: number) => string
  readonly formatStep: (value: number, step: number) => string
  /** Where the receipts of a bucket are shown. */
  readonly pathOf: (bucket: TimeBucket) => string
}

/** Renders chart, legend and table. */
export function TimeChart({ title, shape, buckets, lines, format, formatStep, pathOf }: TimeChartProperties) {
  const place = useRef<HTMLDivElement>(null)
  const legend = useRef<HTMLUListElement>(null)
  const [pointed, setPointed] = useState<number | undefined>(undefined)
  const key = JSON.stringify([buckets.map(pathOf), lines])
  useEffect(() => {
    if (place.current === null || legend.current === null) return undefined
    return drawChart({
      place: place.current,
      // Colours are the style sheet's; the canvas takes them from the legend.
      colors: [...legend.current.querySelectorAll('.swatch')],
      shape,
      labels: buckets.map(bucketLabel),
      lines,
      formatStep,
      onPoint: setPointed,
      onChoose: (index) => {
        const bucket = buckets[index]
        if (bucket !== undefined) location.assign(pathOf(bucket))
      },
    })
  }, [key])
  const bucket = pointed === undefined ? undefined : buckets[pointed]
  return (
    <figure class="chart">
      <ul class="legend" ref={legend}>
        {lines.map(({ label, color, numbers }) => (
          <li key={label}>
            <span class={`swatch ${color}`} /> {label}{' '}
            <span class="number soft">
              {format(
                bucket === undefined
                  ? numbers.reduce((sum, number) => sum + number, 0)
                  : (numbers[pointed ?? 0] ?? 0),
              )}
            </span>
          </li>
        ))}
        <li class="soft when">{bucket === undefined ? 'in all' : bucketLabel(bucket)}</li>
      </ul>
      <div class="canvas" ref={place} role="img" aria-label={`${title}: the table below says the same.`} />
      <details>
        <summary>Table</summary>
        <div class="scroll">
          <table>
            <caption class="unseen">{title}</caption>
            <thead>
              <tr>
                <th scope="col">Time</th>
                {lines.map(({ label }) => (
                  <th scope="col" class="figure">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {buckets.map((each, index) => (
                <tr key={each.name}>
                  <th scope="row">
                    <a href={pathOf(each)}>{bucketLabel(each)}</a>
                  </th>
                  {lines.map(({ numbers }) => (
                    <td class="figure">{format(numbers[index] ?? 0)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  )
}
