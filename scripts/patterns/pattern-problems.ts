/**
 * Whether every regular expression takes time in proportion to its text. What may go on without end is judged by `recheck`, by
 * automata where it can and by attacks elsewhere; what has no endless repetition takes a bounded time from each place on.
 */
import { check } from 'recheck'
import { KNOWN_BOUNDS, type KnownBound } from './known-bounds.ts'
import type { SourcePattern } from './source-patterns.ts'

export type PatternJudgement = 'linear' | 'polynomial' | 'exponential' | 'unknown'
/** @param isBounded whether its texts are short: then only what is exponential is looked for, and not for long */
export type JudgePattern = (pattern: SourcePattern, isBounded: boolean) => Promise<PatternJudgement>

const LONGEST_MS = 60_000
const LONGEST_BOUNDED_MS = 5_000
const AT_ONCE = 2

/** Returns what is wrong, in words. */
export async function patternProblems(
  patterns: readonly SourcePattern[],
  judge: JudgePattern = judgeByRecheck,
  bounds: readonly KnownBound[] = KNOWN_BOUNDS,
): Promise<readonly string[]> {
  const different = new Map(patterns.map((each) => [`${each.file} /${each.pattern}/${each.flags}`, each]))
  const endless = [...different.entries()].filter(([, { pattern }]) => repeatsWithoutEnd(pattern))
  const problems: string[] = []
  const waiting = endless.values()
  const work = async () => {
    for (const [name, pattern] of waiting) {
      const isBounded = bounds.some((bound) => holdsFor(bound, pattern))
      const judgement = await judge(pattern, isBounded)
      const isRight = judgement === 'linear' || (isBounded && judgement !== 'exponential')
      if (!isRight)
        problems.push(`${name} is ${judgement}: rewrite it, or say in known-bounds.ts what bounds its texts`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const idle = bounds.filter((bound) => !patterns.some((pattern) => holdsFor(bound, pattern)))
  return [
    ...problems,
    ...idle.map(({ where }) => `known-bounds.ts: ${where} has no such expression any more`),
  ]
}

function holdsFor({ where, pattern }: KnownBound, { file, pattern: found }: SourcePattern): boolean {
  const isThere = where.endsWith('/') ? file.startsWith(where) : file === where
  return isThere && (pattern === undefined || pattern === found)
}

/** Says whether anything may be repeated any number of times: what stands in classes or is escaped repeats nothing. */
export function repeatsWithoutEnd(pattern: string): boolean {
  const bare = pattern.replaceAll(/\\./gsu, 'x').replaceAll(/\[[^\]]*\]/g, 'x')
  return /[*+]|\{\d+,\}/.test(bare)
}

async function judgeByRecheck(
  { pattern, flags }: SourcePattern,
  isBounded: boolean,
): Promise<PatternJudgement> {
  const found = await check(pattern, flags, { timeout: isBounded ? LONGEST_BOUNDED_MS : LONGEST_MS })
  if (found.status === 'unknown') return 'unknown'
  if (found.status === 'safe') return 'linear'
  return found.complexity.type === 'exponential' ? 'exponential' : 'polynomial'
}
