import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Contender, Question } from '../../../bench/inference/contender.ts'
import { measureAnswers, measureArrival } from '../../../bench/inference/measure.ts'

const questions = [1, 2, 3, 4, 5].map((id): Question => ({ turns: [], ids: [id] }))
const [question = { turns: [], ids: [] }] = questions

/** Makes a token in each turn of the event loop for each answer, at most `rows` at once. */
function createScripted(rows: number) {
  const seen = { most: 0, running: 0, aborted: 0 }
  let last: Promise<unknown> = Promise.resolve()
  const answer: Contender['answer'] = async ({ ids }, maxTokens, onToken, signal) => {
    seen.most = Math.max(seen.most, ++seen.running)
    let tokens = 0
    while (tokens < maxTokens && !signal.aborted) {
      await nextTurn()
      tokens++
      onToken()
    }
    seen.running--
    if (signal.aborted) seen.aborted++
    return { text: `answer ${ids}`, tokens }
  }
  const inTurn: Contender['answer'] = (...asked) => {
    const next = last.then(() => answer(...asked))
    last = next
    return next
  }
  return { seen, contender: { rows, answer: rows === 1 ? inTurn : answer } }
}

test('answers come in the order of the questions, no more than so many at once', async () => {
  const { seen, contender } = createScripted(8)
  const { answers } = await measureAnswers(contender, questions, 4, 2)
  expect(answers.map(({ text }) => text)).toEqual(questions.map(({ ids }) => `answer ${ids}`))
  expect(answers.map(({ tokens }) => tokens)).toEqual([4, 4, 4, 4, 4])
  expect(seen.most).toBe(2)
})

test('an arrival meets running answers, which are ended afterwards', async () => {
  const { seen, contender } = createScripted(8)
  const { firstToken, longestStall } = await measureArrival(contender, question, questions.slice(1), 1_000)
  expect(firstToken.wallMs).toBeGreaterThan(0)
  expect(longestStall?.wallMs).toBeGreaterThan(0)
  expect(seen).toEqual({ most: 5, running: 0, aborted: 4 })
})

test('nobody is stalled by an arrival where nothing runs, or where answers are made one after another', async () => {
  expect((await measureArrival(createScripted(8).contender, question, [], 5)).longestStall).toBeNull()
  const oneByOne = await measureArrival(createScripted(1).contender, question, questions.slice(1), 5)
  expect(oneByOne.longestStall).toBeNull()
})

test('an arrival is measured although the running answers end before it', async () => {
  const { contender } = createScripted(8)
  expect((await measureArrival(contender, question, questions.slice(1), 1)).longestStall).not.toBeNull()
})
