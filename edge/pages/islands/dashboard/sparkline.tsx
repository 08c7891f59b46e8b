/**
 * A small line without axes, in plain SVG. Decorates figures that stand beside it in words.
 */

export type SparklineProperties = {
  readonly numbers: readonly (number | null)[]
  readonly color?: 'local' | 'claude' | 'cache' | undefined
}

const HEIGHT = 20
const WIDTH = 100

/** Renders the line; where a number is missing it is broken. */
export function Sparkline({ numbers, color }: SparklineProperties) {
  const highest = Math.max(1e-9, ...numbers.map((number) => number ?? 0))
  const isLone = numbers.filter((number) => number !== null).length === 1
  const x = (index: number) => (numbers.length < 2 ? 0 : (WIDTH * index) / (numbers.length - 1))
  let path = ''
  let pen = 'M'
  for (const [index, number] of numbers.entries()) {
    if (number === null) {
      pen = 'M'
      continue
    }
    const y = HEIGHT - 1 - ((HEIGHT - 2) * number) / highest
    path += `${pen}${x(index).toFixed(1)} ${y.toFixed(1)}`
    // A lone point is drawn as a short stroke.
    if (pen === 'M') path += 'h0.01'
    pen = 'L'
  }
  return (
    <svg
      class={`sparkline ${color ?? ''} ${isLone ? 'lone' : ''}`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  )
}
