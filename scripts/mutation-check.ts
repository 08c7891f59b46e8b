/**
 * Takes each guard away in turn and fails unless the test that is named beside it notices: `npm run check:mutation`.
 *
 *   npm run check:mutation [-- --only WORDS] [--jobs N]
 *
 * Minutes of processor time, so it is no part of `npm run check`. Works in copies: the checkout stays as it is.
 */
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { MUTANTS } from './mutations/mutants.ts'
import type { Mutant } from './mutations/mutants-of-answers.ts'
import { type Ending, runNamedTests } from './mutations/run-named-tests.ts'
import { createSourceCopy, type SourceCopy } from './mutations/source-copy.ts'

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, jobs: { type: 'string', default: '2' } },
})
const jobs = z.coerce.number().int().min(1).max(16).parse(values.jobs)
const mutants = MUTANTS.filter(({ guard, file }) => `${guard} ${file}`.includes(values.only))

type Verdict = { readonly mutant: Mutant; readonly ending: Ending | 'stale'; readonly seconds: number }

const startedAt = performance.now()
const copies = Array.from({ length: Math.min(jobs, mutants.length) }, createSourceCopy)
try {
  const problems = await untouched()
  const verdicts: Verdict[] = []
  if (problems.length === 0)
    await eachInSomeCopy(mutants, async (mutant, copy) => {
      const verdict = await judge(copy, mutant)
      verdicts.push(verdict)
      console.error(`${word(verdict)} ${mutant.guard} (${verdict.seconds.toFixed(1)} s)`)
    })
  const killed = verdicts.filter(({ ending }) => ending === 'failed').length
  console.log(report(verdicts))
  console.log(
    `\n${mutants.length} guards, ${killed} missed by their tests when they are gone, ${mutants.length - killed} not; ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`,
  )
  for (const problem of problems) console.error(problem)
  process.exitCode = killed === mutants.length ? 0 : 1
} finally {
  for (const copy of copies) copy.remove()
}

/** Does the work for each item, so many at once as there are copies. */
async function eachInSomeCopy<T>(
  items: readonly T[],
  work: (item: T, copy: SourceCopy) => Promise<void>,
): Promise<void> {
  const waiting = items.values()
  await Promise.all(
    copies.map(async (copy) => {
      for (const item of waiting) await work(item, copy)
    }),
  )
}

/** Returns what is wrong before anything is taken away: a test that fails as it is, or that is not there, shows nothing. */
async function untouched(): Promise<readonly string[]> {
  if (mutants.length === 0) return ['No guard has these words in its name or file.']
  const problems: string[] = []
  const files = Map.groupBy(mutants, ({ test: [file] }) => file)
  await eachInSomeCopy([...files], async ([file, members], { folder }) => {
    const names = members.map(({ test: [, name] }) => name)
    const endings = await runNamedTests(folder, file, names)
    for (const [index, { guard }] of members.entries())
      if (endings[index] !== 'passed')
        problems.push(`${guard}: with the guard the test is ${endings[index]}: ${file} > ${names[index]}`)
  })
  return problems
}

async function judge(copy: SourceCopy, mutant: Mutant): Promise<Verdict> {
  const from = performance.now()
  const ending = await copy
    .withEdit(
      mutant,
      async () => (await runNamedTests(copy.folder, mutant.test[0], [mutant.test[1]]))[0] ?? 'absent',
    )
    .catch((error: unknown) => {
      console.error(String(error))
      return 'stale' as const
    })
  return { mutant, ending, seconds: (performance.now() - from) / 1_000 }
}

function word({ ending }: Verdict): string {
  if (ending === 'failed') return 'noticed '
  return ending === 'passed' ? 'SURVIVED' : ending === 'stale' ? 'STALE   ' : 'NO TEST '
}

function report(verdicts: readonly Verdict[]): string {
  const order = new Map(mutants.map((mutant, index) => [mutant, index]))
  const rows = verdicts
    .toSorted((left, right) => (order.get(left.mutant) ?? 0) - (order.get(right.mutant) ?? 0))
    .map((verdict) => {
      const { guard, file, test } = verdict.mutant
      return `| ${guard} | ${file} | ${word(verdict).trim()} | ${test[0].replace(/^test\//, '')}: ${test[1]} |`
    })
  return ['| without | in | | by |', '|---|---|---|---|', ...rows].join('\n')
}
