/**
 * Draws one chart on a canvas by uPlot and keeps it as wide as its place and in the colours of the theme. Knows no
 * component.
 */
import uPlot from 'uplot'

export type ChartColor = 'local' | 'claude' | 'cache' | 'none' | 'baseline'
export type ChartShape = 'stacked' | 'lines'

export type ChartLine = {
  readonly label: string
  readonly color: ChartColor
  /** One a bucket. */
  readonly numbers: readonly number[]
}

export type Drawing = {
  readonly place: HTMLElement
  /** Elements whose background is the colour of each line. */
  readonly colors: readonly Element[]
  readonly shape: ChartShape
  readonly labels: readonly string[]
  readonly lines: readonly ChartLine[]
  /** What stands beside a line across the chart; `step` is from one to the next. */
  readonly formatStep: (value: number, step: number) => string
  /** The bucket under the pointer, or undefined. */
  readonly onPoint: (index: number | undefined) => void
  readonly onChoose: (index: number) => void
}

const HEIGHT = 220
const STEPS = [1, 2, 3, 4, 6, 7, 12, 14, 24, 30]

/** Draws, and returns what takes the drawing away. */
export function drawChart(drawing: Drawing): () => void {
  const { place, onChoose } = drawing
  let chart = create(drawing)
  const again = () => {
    chart.destroy()
    chart = create(drawing)
  }
  const fit = new ResizeObserver(() => {
    if (place.clientWidth > 0 && place.clientWidth !== chart.width)
      chart.setSize({ width: place.clientWidth, height: HEIGHT })
  })
  fit.observe(place)
  document.addEventListener('themechange', again)
  const choose = () => {
    const { idx } = chart.cursor
    if (idx !== null && idx !== undefined) onChoose(idx)
  }
  place.addEventListener('click', choose)
  return () => {
    fit.disconnect()
    document.removeEventListener('themechange', again)
    place.removeEventListener('click', choose)
    chart.destroy()
  }
}

function create(drawing: Drawing): uPlot {
  const { place, labels, lines, shape, formatStep, onPoint } = drawing
  const style = getComputedStyle(place)
  const grid = { stroke: style.borderTopColor, width: 1 }
  const axis = { stroke: style.color, font: `12px ${style.fontFamily}`, grid, ticks: grid }
  const colors = drawing.colors.map((element) => getComputedStyle(element).backgroundColor)
  const drawn =
    shape === 'stacked' ? stack(lines, colors) : lines.map((line, index) => lined(line, colors[index]))
  const options: uPlot.Options = {
    width: Math.max(place.clientWidth, 120),
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: shape === 'lines' } },
    scales: {
      x: { time: false, range: () => [-0.5, labels.length - 0.5] },
      y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 0, 1e-9) * 1.05] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        incrs: STEPS,
        space: 64,
        values: (_, splits) => splits.map((split) => labels[split] ?? ''),
      },
      {
        ...axis,
        size: 64,
        values: (_, splits, _axis, _space, step) => splits.map((split) => formatStep(split, step)),
      },
    ],
    series: [{}, ...drawn.map(({ series }) => series)],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
  }
  return new uPlot(
    options,
    [labels.map((_, index) => index), ...drawn.map(({ numbers }) => [...numbers])],
    place,
  )
}

type Drawn = { readonly series: uPlot.Series; readonly numbers: readonly number[] }

/** The tallest stack first: those after it are drawn over it. */
function stack(lines: readonly ChartLine[], colors: readonly string[]): Drawn[] {
  const bars = uPlot.paths.bars?.({ size: [0.72, 36] })
  const sums = new Array<number>(lines[0]?.numbers.length ?? 0).fill(0)
  const drawn: Drawn[] = []
  for (const [index, { label, numbers }] of lines.entries()) {
    for (const [at, number] of numbers.entries()) sums[at] = (sums[at] ?? 0) + number
    const fill = colors[index] ?? 'gray'
    const series = {
      label,
      fill,
      stroke: fill,
      width: 0,
      points: { show: false },
      ...(bars && { paths: bars }),
    }
    drawn.unshift({ series, numbers: [...sums] })
  }
  return drawn
}

function lined({ label, numbers, color }: ChartLine, stroke = 'gray'): Drawn {
  const dash = color === 'baseline' ? { dash: [6, 4] } : {}
  return { series: { label, stroke, width: 2, points: { show: numbers.length < 3 }, ...dash }, numbers }
}
