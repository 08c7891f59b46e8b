/** What the measurements say: microseconds, ratios to the floor and to the router without a ledger, added latency. Pure. */
import { markdownTable } from '../markdown-table.ts'
import type { Measured } from './measure-edge.ts'
import { cpuRatio, microsecondsEach, percentile, type Ratio } from './statistics.ts'
import type { VariantName } from './variants.ts'
import type { Kind } from './workload.ts'

export type EdgeFigure = {
  readonly kind: string
  readonly variant: string
  readonly unit: Kind['unit']
  readonly cpuMicroseconds: number
  readonly toFloor: Ratio
  /** Undefined for what has no ledger to compare. */
  readonly toWithoutLedger: Ratio | undefined
  /** Beyond what the upstream takes when it is asked directly, ms; of streams to the first byte, else to the last one. */
  readonly addedMs: { readonly p50: number; readonly p99: number }
}

const COMPARED: readonly string[] = ['without objects', 'as shipped']
/** The name under which the upstream itself was asked. */
export const DIRECT = 'direct'

/** Returns a figure for each kind and variant. @throws if one was not measured */
export function edgeFigures(
  measured: readonly Measured[],
  kinds: readonly Pick<Kind, 'name' | 'unit'>[],
  variants: readonly string[],
): readonly EdgeFigure[] {
  const of = (kind: string, contender: string) => {
    const found = measured.find((each) => each.kind === kind && each.contender === contender)
    if (found === undefined) throw new Error(`"${kind}" was not measured of "${contender}".`)
    return found
  }
  return kinds.flatMap(({ name: kind, unit }) =>
    variants.flatMap((variant) => {
      const { slices, times } = of(kind, variant)
      if (slices.length === 0) return []
      const counted = unit === 'chunk' ? 'firstByteMs' : 'wholeMs'
      const direct = of(kind, DIRECT).times[counted]
      const added = (share: number) => percentile(times[counted], share) - percentile(direct, share)
      return {
        kind,
        variant,
        unit,
        cpuMicroseconds: microsecondsEach(slices),
        toFloor: cpuRatio(slices, of(kind, 'floor').slices),
        toWithoutLedger: COMPARED.includes(variant)
          ? cpuRatio(slices, of(kind, 'without ledger').slices)
          : undefined,
        addedMs: { p50: added(0.5), p99: added(0.99) },
      }
    }),
  )
}

/** Returns the table of all figures. */
export function figuresTable(figures: readonly EdgeFigure[]): string {
  return markdownTable(
    [
      'request',
      'variant',
      'CPU µs',
      'times the floor',
      'times without ledger',
      'added p50 ms',
      'added p99 ms',
    ],
    figures.map(({ kind, variant, unit, cpuMicroseconds, toFloor, toWithoutLedger, addedMs }) => [
      kind,
      variant,
      `${cpuMicroseconds.toFixed(unit === 'chunk' ? 1 : 0)} a ${unit}`,
      ratioText(toFloor),
      toWithoutLedger === undefined ? '–' : ratioText(toWithoutLedger),
      addedMs.p50.toFixed(1),
      addedMs.p99.toFixed(1),
    ]),
  )
}

/** More than this share of processor time is more than the ledger may cost. */
export const LEDGER_LIMIT = 0.05

/** Returns a line for each kind: what the ledger costs there, whether that is within its limit, and which part takes how much. */
export function ledgerVerdicts(figures: readonly EdgeFigure[]): readonly string[] {
  return figures
    .filter(({ variant }) => variant === 'as shipped')
    .map(({ kind, unit, cpuMicroseconds, toWithoutLedger, addedMs }) => {
      const of = (variant: VariantName) =>
        figures.find((each) => each.kind === kind && each.variant === variant)
      const microsecondsOf = (variant: VariantName) => of(variant)?.cpuMicroseconds ?? Number.NaN
      const put = microsecondsOf('without objects') - microsecondsOf('without ledger')
      const kept = cpuMicroseconds - microsecondsOf('without objects')
      const share = (toWithoutLedger?.pooled ?? Number.NaN) - 1
      const later = addedMs.p50 - (of('without ledger')?.addedMs.p50 ?? Number.NaN)
      const limit = `${share <= LEDGER_LIMIT ? 'within' : 'more than'} ${100 * LEDGER_LIMIT} %`
      const digits = unit === 'chunk' ? 1 : 0
      return (
        `${kind}: ${signed(100 * share, 0)} % CPU, ${limit}; of the µs a ${unit} ${signed(put, digits)} for putting the receipt ` +
        `together, ${signed(kept, digits)} for the object that keeps it; p50 ${signed(later, 1)} ms`
      )
    })
}

function ratioText({ pooled, lowest, highest }: Ratio): string {
  return `${pooled.toFixed(2)} (${lowest.toFixed(2)}–${highest.toFixed(2)})`
}

function signed(value: number, digits: number): string {
  const text = value.toFixed(digits)
  return value >= 0 ? `+${text}` : text.replace('-', '−')
}
