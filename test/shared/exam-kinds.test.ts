/** What a passed exam earns. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EXAM_KINDS, isTrusted, type KindResult, kindsOf, trustByExam } from '../../shared/exam-kinds.ts'
import { TRUST_LEVELS, trustByTask, uniformTrust } from '../../shared/model-card.ts'
import { SIMPLE_TASKS } from '../../shared/tasks.ts'

const ALL_KINDS = [...new Set(SIMPLE_TASKS.flatMap(kindsOf))]
const NONE = uniformTrust('none')

/** Results of all kinds: `passed` of 40, but where `others` says otherwise. */
function results(passed: number, others: Readonly<Record<string, Partial<KindResult>>> = {}): KindResult[] {
  return ALL_KINDS.map((kind) => ({ kind, items: 40, passed, ...others[kind] }))
}

test('trusts a kind from a lower bound of 85 % on, and says nothing of fewer than 20 items', () => {
  expect(isTrusted({ items: 40, passed: 39 })).toBe(true)
  expect(isTrusted({ items: 40, passed: 38 })).toBe(false)
  expect(isTrusted({ items: 400, passed: 355 })).toBe(true)
  expect(isTrusted({ items: 400, passed: 353 })).toBe(false)
  expect(isTrusted({ items: 19, passed: 19 })).toBeUndefined()
})

test('trusts a task fully where all of its kinds are trusted', () => {
  expect(trustByExam(results(40), NONE)).toEqual(uniformTrust('full'))
  expect(trustByExam(results(40, { spam: { passed: 30 } }), NONE)).toEqual({
    ...uniformTrust('full'),
    classification: 'none',
  })
})

test('lets one kind that two tasks share count for both', () => {
  expect(trustByExam(results(40, { cannot_know: { passed: 20 } }), NONE)).toEqual({
    ...uniformTrust('full'),
    simple_chat: 'set_phrases',
    simple_qa: 'none',
  })
})

test('takes full trust away where a kind failed, and keeps set phrases', () => {
  expect(trustByExam(results(20), uniformTrust('full'))).toEqual(NONE)
  expect(trustByExam(results(20), { ...NONE, simple_chat: 'set_phrases' })).toEqual({
    ...NONE,
    simple_chat: 'set_phrases',
  })
})

test('gives set phrases where their kinds are trusted and the others are not', () => {
  expect(trustByExam(results(20, { small_talk: { passed: 40 } }), NONE)).toEqual({
    ...NONE,
    simple_chat: 'set_phrases',
  })
})

test('judges kinds of few items together, and leaves what nothing was asked of', () => {
  const few = EXAM_KINDS.summarization.others.map((kind) => ({ kind, items: 14, passed: 14 }))
  expect(trustByExam(few, NONE)).toEqual({ ...NONE, summarization: 'full' })
  expect(trustByExam(few.slice(1, 2), NONE)).toEqual(NONE)
  expect(trustByExam(few.slice(1, 2), uniformTrust('full'))).toEqual(uniformTrust('full'))
  expect(trustByExam([], uniformTrust('full'))).toEqual(uniformTrust('full'))
})

test('never trusts more for one more answer that failed', () => {
  const level = fc.constantFrom(...TRUST_LEVELS)
  const before = fc.array(level, { minLength: 4, maxLength: 4 })
  const counts = fc.array(fc.nat(60), { minLength: ALL_KINDS.length, maxLength: ALL_KINDS.length })
  fc.assert(
    fc.property(before, counts, fc.nat(ALL_KINDS.length - 1), (levels, failed, at) => {
      const had = trustByTask((task) => levels[SIMPLE_TASKS.indexOf(task)] ?? 'none')
      const asked = ALL_KINDS.map((kind, index) => ({ kind, items: 60, passed: 60 - (failed[index] ?? 0) }))
      const worse = asked.map((result, index) =>
        index === at ? { ...result, passed: Math.max(0, result.passed - 1) } : result,
      )
      const [better, after] = [trustByExam(asked, had), trustByExam(worse, had)]
      for (const task of SIMPLE_TASKS)
        expect(TRUST_LEVELS.indexOf(after[task])).toBeLessThanOrEqual(TRUST_LEVELS.indexOf(better[task]))
    }),
  )
})
