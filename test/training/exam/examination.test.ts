/** How items are put to a model, and what the outcomes add up to. */
import { expect, test } from 'vitest'
import type { EngineEvent, GenerateRequest } from '../../../inference/engine/engine.ts'
import { RouterError } from '../../../shared/errors.ts'
import { uniformTrust } from '../../../shared/model-card.ts'
import type { ExamItem } from '../../../training/exam/exam-item.ts'
import { countOutcomes, examFailures, examinedCard, examTable } from '../../../training/exam/exam-report.ts'
import { type ExaminationOptions, examine } from '../../../training/exam/examination.ts'

const LIMITS = { maxInputTokens: 1_000, maxOutputTokens: 100 }

function item(at: number, change: Partial<ExamItem> = {}): ExamItem {
  return {
    id: `ex-${at}`,
    kind: 'spam',
    task: 'classification',
    language: 'en',
    system: null,
    messages: [{ role: 'user', content: `Is number ${at} spam?` }],
    checks: [{ is: 'one_of', values: ['yes'] }],
    ...change,
  }
}

type Reply = (request: GenerateRequest) => string | RouterError

/** An engine that says what `reply` gives, three rows at once. */
function optionsOf(reply: Reply): ExaminationOptions & { readonly requests: GenerateRequest[] } {
  const requests: GenerateRequest[] = []
  let time = 0
  async function* generate(request: GenerateRequest): AsyncGenerator<EngineEvent> {
    requests.push(request)
    const said = reply(request)
    await Promise.resolve()
    if (said instanceof RouterError) throw said
    for (const text of said) yield { type: 'text', text, tokens: 1, logprob: undefined }
    yield { type: 'end', stopReason: 'end_turn', stopSequence: null, outputTokens: said.length }
  }
  return {
    engine: { generate },
    limits: LIMITS,
    rows: 3,
    isInLanguage: () => true,
    now: () => time++,
    requests,
  }
}

test('asks greedily, within the limits of the container, and keeps the order of the items', async () => {
  const options = optionsOf(({ turns }) => (turns.at(-1)?.text.includes('4') ? 'no' : 'yes'))
  const items = Array.from({ length: 10 }, (_, at) => item(at, at === 0 ? { system: 'Say yes or no.' } : {}))
  const outcomes = await examine(items, options)
  expect(outcomes.map((outcome) => outcome.item.id)).toEqual(items.map(({ id }) => id))
  expect(outcomes.filter(({ failures }) => failures.length > 0).map((outcome) => outcome.item.id)).toEqual([
    'ex-4',
  ])
  expect(options.requests).toHaveLength(10)
  expect(options.requests[0]).toMatchObject({ system: 'Say yes or no.', temperature: 0, maxTokens: 100 })
  expect(options.requests[1]).not.toHaveProperty('system')
})

test('takes what the model declines or cannot read for handed over, and ends where it fails', async () => {
  const handover = item(0, { checks: [{ is: 'hands_over' }, { is: 'contains', any: ["don't know"] }] })
  const declining = optionsOf(() => new RouterError('low_confidence', 'It would only guess.'))
  const outcomes = await examine([handover, item(1)], { ...declining, handoverThreshold: 0.4 })
  expect(declining.requests[0]).toMatchObject({ handoverThreshold: 0.4 })
  expect(outcomes.map(({ failures }) => failures)).toEqual([[], ['declined']])
  expect(examFailures(outcomes)).toMatchObject([{ id: 'ex-1', answer: null, failures: ['declined'] }])
  const broken = optionsOf(() => new RouterError('unavailable', 'The process is gone.'))
  await expect(examine([item(0)], broken)).rejects.toThrow('The process is gone.')
})

test('shows tasks with their kinds, and all together', async () => {
  const options = optionsOf(() => 'yes')
  const outcomes = await examine(
    [item(0), item(1, { kind: 'topic' }), item(2, { checks: [{ is: 'lacks', values: ['yes'] }] })],
    options,
  )
  expect(countOutcomes(outcomes)).toMatchObject({ items: 3, passed: 2, share: 2 / 3, medianTokens: 3 })
  const [, , task, ...others] = examTable(outcomes)
    .split('\n')
    .map((line) => line.split(' | ').slice(0, 4).join(' '))
  expect(task).toBe('| **classification** 3 2 66.7')
  expect(others).toEqual(['| spam 2 1 50.0', '| topic 1 1 100.0', '| **all** 3 2 66.7'])
})

test('writes a card by the items in the languages of the model, and keeps what else was known', async () => {
  const german = (at: number) => item(at, { language: 'de', checks: [{ is: 'one_of', values: ['ja'] }] })
  const items = Array.from({ length: 60 }, (_, at) => (at < 40 ? item(at) : german(at)))
  const outcomes = await examine(
    items,
    optionsOf(() => 'yes'),
  )
  const examined = { model: 'M', weights: 'int8', graphSha256: null, examined: '2026-11-30' }
  const before = { trust: uniformTrust('none'), languages: ['en'], maxTemperature: 0.3, exam: null }
  expect(examinedCard(outcomes, { ...examined, before })).toMatchObject({
    kinds: { spam: { items: 40, passed: 40, trusted: true } },
    card: {
      trust: { ...uniformTrust('none'), classification: 'full' },
      languages: ['en'],
      maxTemperature: 0.3,
      exam: '2026-11-30, 40 of 60 items: classification 40 of 60',
    },
  })
  expect(examinedCard(outcomes, { ...examined, before: undefined })).toMatchObject({
    kinds: { spam: { items: 60, passed: 40, trusted: false } },
    card: { trust: uniformTrust('none'), languages: null },
  })
})
