/**
 * Puts the exam to a model and asks it once more of each answer. The engine runs in this process, so that what each part costs
 * can be told. Weighs nothing.
 */
import { createEngine } from '../../inference/engine/create-engine.ts'
import type { Engine, GenerateRequest, Prompt, Turn } from '../../inference/engine/engine.ts'
import { handoverOf } from '../../inference/engine/handover/handover.ts'
import { probabilityOf } from '../../inference/engine/text/sampler.ts'
import type { PreparedModel } from '../../inference/models/prepare.ts'
import type { Limits } from '../../inference/serving/limits.ts'
import { logistic } from '../../shared/logistic.ts'
import type { IsInLanguage } from '../../training/exam/checks.ts'
import type { ExamItem } from '../../training/exam/exam-item.ts'
import { type ExamOutcome, examine } from '../../training/exam/examination.ts'
import type { GradedAnswer, GradedAnswers } from './graded-answer.ts'

export type GradingOptions = Pick<GradedAnswers, 'graphSha256' | 'examined'> & {
  readonly prepared: PreparedModel
  readonly limits: Limits
  readonly rows: number
  readonly isInLanguage: IsInLanguage
  /** Of so many answers, spread evenly, the model is asked whether they are right; takes longer than an answer. */
  readonly secondReadings: number
  readonly onProgress: (text: string) => void
}

const QUESTION = 'Is that answer right? Answer yes or no.'
/** Of the vocabulary of a small model. */
const TYPICAL_VOCABULARY = 49_152
const TIMED_SUMS = 200
/** Enough for a prompt to be found again for the second of two words. */
const PREFIX_CACHE_BYTES = 32_000_000

/** Returns the answers, without those that the model handed over or was not able to begin. */
export async function gradeAnswers(
  items: readonly ExamItem[],
  { prepared, limits, rows, isInLanguage, secondReadings, onProgress, ...about }: GradingOptions,
): Promise<GradedAnswers> {
  const { model, graph, judge } = prepared
  const engine = await createEngine(
    model,
    graph,
    { threads: 1, maxRows: rows, prefixCacheBytes: PREFIX_CACHE_BYTES, judge: judge.judge },
    Math.random,
  )
  try {
    const serving = engine.serving()
    let count = 0
    const answered = await timed(() =>
      examine(items, {
        engine,
        limits,
        handoverThreshold: handoverOf(serving)?.threshold,
        logprobs: true,
        rows: serving?.rows ?? 1,
        isInLanguage,
        now: () => performance.now(),
        onOutcome() {
          if (++count % 50 === 0) onProgress(`${count} of ${items.length} items answered`)
        },
      }),
    )
    const outcomes = answered.value.filter(({ answer, logprobs }) => !answer.declined && logprobs?.length)
    const judged = await timedEach(outcomes, (outcome) => judgeScoreOf(engine, outcome))
    onProgress('Judged')
    const readAgain = spreadEvenly(outcomes, secondReadings)
    const after = await timedEach(readAgain, (outcome) => yesAgainstNo(engine, askedAfter(outcome)))
    const apart = await timedEach(readAgain, (outcome) => yesAgainstNo(engine, askedApart(outcome)))
    const readingOf = (outcome: ExamOutcome, { value }: { readonly value: readonly number[] }) =>
      value[readAgain.indexOf(outcome)] ?? null
    const answers = outcomes.map((outcome, at): GradedAnswer => {
      const { item, failures, logprobs = [], tokens, handoverScore = null } = outcome
      const { id, kind, task, language } = item
      return {
        id,
        kind,
        task,
        language,
        right: failures.length === 0,
        logprobs: [...logprobs],
        tokens,
        handoverScore,
        judgeScore: judged.value[at] ?? null,
        askedAfter: readingOf(outcome, after),
        askedApart: readingOf(outcome, apart),
      }
    })
    const tokens = answers.reduce((sum, { logprobs }) => sum + logprobs.length, 0)
    const each = ({ value, cpuMs }: { readonly value: readonly unknown[]; readonly cpuMs: number }) =>
      value.length === 0 ? 0 : cpuMs / value.length
    const costs = {
      answer: answered.cpuMs / items.length,
      logprobs: (await costOfLogprob()) * (tokens / answers.length),
      judge: each(judged),
      askedAfter: each(after),
      askedApart: each(apart),
    }
    return { model: `${model.info.name} (${serving?.weights ?? model.info.dtype})`, ...about, costs, answers }
  } finally {
    await engine.close()
  }
}

function spreadEvenly<T>(all: readonly T[], count: number): readonly T[] {
  const most = Math.min(count, all.length)
  return Array.from({ length: most }, (_, at) => all[Math.floor((at * all.length) / most)] as T)
}

function textOf({ answer }: ExamOutcome): string {
  return answer.declined ? '' : answer.text
}

function askedAfter(outcome: ExamOutcome): Prompt {
  const { system, messages } = outcome.item
  const turns: Turn[] = messages.map(({ role, content }) => ({ role, text: content }))
  return {
    ...(system === null ? {} : { system }),
    turns: [...turns, { role: 'assistant', text: textOf(outcome) }, { role: 'user', text: QUESTION }],
  }
}

function askedApart(outcome: ExamOutcome): Prompt {
  const asked = outcome.item.messages.at(-1)?.content ?? ''
  const text = `Request: ${asked}\n\nAnswer: ${textOf(outcome)}\n\n${QUESTION}`
  return { turns: [{ role: 'user', text }] }
}

/** Each word is the only answer allowed, so that its probability among all tokens is told. */
async function yesAgainstNo(engine: Engine, prompt: Prompt): Promise<number> {
  const [yes, no] = [await logprobOf(engine, prompt, 'Yes'), await logprobOf(engine, prompt, 'No')]
  return logistic(yes - no)
}

async function logprobOf(engine: Engine, prompt: Prompt, word: string): Promise<number> {
  const request: GenerateRequest = {
    ...prompt,
    maxTokens: 4,
    stopSequences: [],
    temperature: 0,
    logprobs: true,
    cacheScope: 'second-reading',
    format: { type: 'choice', choices: [word], quoted: false },
  }
  let sum = 0
  for await (const event of engine.generate(request, new AbortController().signal))
    if (event.type === 'end') sum = (event.logprobs ?? []).reduce((total, logprob) => total + logprob, 0)
  return sum
}

async function judgeScoreOf(engine: Engine, { item }: ExamOutcome): Promise<number | undefined> {
  const { system, messages } = item
  const turns = messages.map(({ role, content }) => ({ role, text: content }))
  const prompt = { ...(system === null ? {} : { system }), turns }
  return (await engine.judge?.(prompt, new AbortController().signal))?.score
}

/** CPU ms of one token's sum over the vocabulary. */
async function costOfLogprob(): Promise<number> {
  const logits = Float32Array.from({ length: TYPICAL_VOCABULARY }, (_, at) => Math.sin(at))
  const { cpuMs } = await timed(async () => {
    for (let round = 0; round < TIMED_SUMS; round++) probabilityOf(logits, round)
  })
  return cpuMs / TIMED_SUMS
}

async function timedEach<T>(outcomes: readonly ExamOutcome[], work: (outcome: ExamOutcome) => Promise<T>) {
  return timed(async () => {
    const values: T[] = []
    for (const outcome of outcomes) values.push(await work(outcome))
    return values
  })
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly cpuMs: number }> {
  const started = process.cpuUsage()
  const value = await work()
  const { user, system } = process.cpuUsage(started)
  return { value, cpuMs: (user + system) / 1000 }
}
