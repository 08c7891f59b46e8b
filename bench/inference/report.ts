/**
 * What the comparison says, as values and as a table: medians over the rounds, each beside its ratio to the reference's of
 * the same round.
 */
import type { Measured, Outcome } from './comparison.ts'
import type { LoadTime } from './contender-process.ts'
import { median } from './median.ts'
import type { Processor } from './processor.ts'

export type Figure = {
  readonly name: string
  readonly unit: string
  readonly value: number
  readonly ratio: number | undefined
}

export type ContenderReport = {
  readonly name: string
  readonly what: string
  readonly rows: number
  readonly figures: readonly Figure[]
  /** Everyday questions answered as the reference does, to the letter. */
  readonly sameAnswers: number
}

export type ComparisonReport = {
  readonly processor: Processor
  readonly model: string
  readonly rounds: number
  readonly questions: number
  readonly reference: string
  readonly contenders: readonly ContenderReport[]
  readonly skipped: readonly { readonly name: string; readonly what: string; readonly reason: string }[]
}

/**
 * Returns the report.
 * @param reference name of the contender that ratios are to, and whose answers are compared with
 */
export function reportComparison(
  outcomes: readonly Outcome[],
  reference: string,
  circumstances: Pick<ComparisonReport, 'processor' | 'model' | 'rounds'>,
): ComparisonReport {
  const measured = outcomes.filter((outcome) => 'series' in outcome)
  const to = measured.find(({ name }) => name === reference)
  return {
    ...circumstances,
    reference,
    questions: to?.everyday.length ?? 0,
    contenders: measured.map((each) => ({
      name: each.name,
      what: each.serving === undefined ? each.what : `${each.what} (${each.serving})`,
      rows: each.rows,
      figures: [...once(each, to), ...series(each, to)],
      sameAnswers: each.everyday.filter(({ text }, index) => text === to?.everyday[index]?.text).length,
    })),
    skipped: outcomes.flatMap((outcome) =>
      'skipped' in outcome ? [{ name: outcome.name, what: outcome.what, reason: outcome.skipped }] : [],
    ),
  }
}

/** Returns the report as Markdown. */
export function printComparison(report: ComparisonReport): string {
  const { processor, contenders, reference } = report
  const names = [...new Set(contenders.flatMap(({ figures }) => figures.map(({ name }) => name)))]
  const sets = processor.instructionSets.join(', ') || 'unknown'
  const cell = (figure: Figure | undefined) => {
    if (figure === undefined) return '–'
    const ratio = figure.ratio === undefined ? '' : ` (×${figure.ratio.toFixed(2)})`
    return `${rounded(figure.value)}${figure.unit && ` ${figure.unit}`}${ratio}`
  }
  const row = (name: string, cells: readonly string[]) => `| ${[name, ...cells].join(' | ')} |`
  return [
    `${report.model} on ${processor.model}, ${processor.cores} cores, one thread each; instruction sets: ${sets}.`,
    `Medians of ${report.rounds} rounds; in brackets the median ratio to ${reference} in the same round.`,
    '',
    row(
      '',
      contenders.map(({ name }) => name),
    ),
    `|---|${'--:|'.repeat(contenders.length)}`,
    row(
      'answers at once',
      contenders.map(({ rows }) => String(rows)),
    ),
    ...names.map((name) =>
      row(
        name,
        contenders.map(({ figures }) => cell(figures.find((each) => each.name === name))),
      ),
    ),
    row(
      `everyday answers as ${reference} gives them`,
      contenders.map(({ sameAnswers }) => `${sameAnswers} of ${report.questions}`),
    ),
    '',
    ...contenders.map(({ name, what }) => `${name}: ${what}.`),
    ...report.skipped.map(({ name, what, reason }) => `Skipped: ${name} (${what}): ${reason}`),
  ].join('\n')
}

function series(measured: Measured, to: Measured | undefined): Figure[] {
  return measured.series.map(({ name, unit, values }) => {
    const reference = to?.series.find((each) => each.name === name)?.values
    const ratios = values.flatMap((value, round) => (reference?.[round] ? [value / reference[round]] : []))
    return {
      name,
      unit,
      value: median(values),
      ratio: measured === to || ratios.length === 0 ? undefined : median(ratios),
    }
  })
}

/** Figures that are taken once. */
function once(measured: Measured, to: Measured | undefined): Figure[] {
  const figure = (name: string, unit: string, value: (of: Measured) => number | undefined): Figure[] => {
    const own = value(measured)
    const reference = to && value(to)
    if (own === undefined) return []
    const ratio = measured === to || reference === undefined ? undefined : own / reference
    return [{ name, unit, value: own, ratio }]
  }
  const load = (which: 0 | 1, key: keyof LoadTime) => (of: Measured) => of.loads[which][key]
  return [
    ...figure('start to loaded, first time', 'ms', load(0, 'wallMs')),
    ...figure('start to loaded, first time, CPU', 'ms', load(0, 'cpuMs')),
    ...figure('start to loaded, again', 'ms', load(1, 'wallMs')),
    ...figure('start to loaded, again, CPU', 'ms', load(1, 'cpuMs')),
    ...figure('memory of the process after 4 streams', 'MiB', (of) => of.memoryMiB),
  ]
}

function rounded(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0)
}
