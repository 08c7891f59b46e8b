/**
 * A score between its thresholds, drawn. Screen readers get the same in one sentence.
 */
import type { Explanation } from '../../playground/router-client.ts'

const WIDTH = 1_000
const MARK = 14

/** Renders the bar; what it shows stands in words beside it. */
export function ScoreBar({ score, thresholds }: Pick<Explanation, 'score' | 'thresholds'>) {
  const complex = at(thresholds.complex)
  const strong = Math.max(complex, at(thresholds.strong))
  return (
    <figure class="score">
      <svg
        viewBox={`0 0 ${WIDTH} 40`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Score ${score.toFixed(3)}, complex from ${thresholds.complex.toFixed(3)}, the strong model from ${thresholds.strong.toFixed(3)}`}
      >
        <rect class="zone-local" x="0" y="12" width={complex} height="16" />
        <rect class="zone-cheap" x={complex} y="12" width={strong - complex} height="16" />
        <rect class="zone-strong" x={strong} y="12" width={WIDTH - strong} height="16" />
        <rect
          class="mark"
          x={Math.min(WIDTH - MARK, Math.max(0, at(score) - MARK / 2))}
          y="1"
          width={MARK}
          height="38"
        />
      </svg>
      <figcaption class="legend">
        <span class="local-ink">simple</span>
        <span class="soft number">complex from {thresholds.complex.toFixed(2)}</span>
        <span class="claude-ink number">strong from {thresholds.strong.toFixed(2)}</span>
      </figcaption>
    </figure>
  )
}

function at(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * WIDTH)
}
