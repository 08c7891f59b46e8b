/** Which rule applies: the first all of whose conditions hold. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFindRule, type RuleSubject } from '../../../../edge/routing/operator-rules/find-rule.ts'
import type { RuleConditions } from '../../../../edge/routing/operator-rules/operator-rule.ts'
import { featuresOf } from '../../../support/edge/requests.ts'
import { ask } from '../../../support/edge/router.ts'

/** A Thursday. */
const STARTED_AT = Date.UTC(2026, 10, 26, 22, 30)
const usual: RuleSubject = {
  tenantId: 'alice',
  user: 'user-17',
  features: featuresOf(ask('Bitte die Rechnung No. 20231 prüfen', { system: 'You are ACME’s clerk.' })),
  task: 'simple_qa',
  language: 'de',
  startedAt: STARTED_AT,
  header: (name) => ({ 'user-agent': 'acme-cli/2.1', 'x-app': 'cli' })[name],
}

function holds(when: RuleConditions, change: Partial<RuleSubject> = {}): boolean {
  return createFindRule([{ when, use: { tier: 'cheap' } }])({ ...usual, ...change }) !== undefined
}

test('holds where each condition holds, and not where any does not', () => {
  const pairs: readonly (readonly [RuleConditions, RuleConditions])[] = [
    [{ tenant: ['bob', 'Alice'] }, { tenant: ['bob'] }],
    [{ user: ['user-*'] }, { user: ['admin-*'] }],
    [{ systemContains: ["acme's CLERK"] }, { systemContains: ['judge'] }],
    [{ lastTurnContains: ['RECHNUNG', 'invoice'] }, { lastTurnContains: ['invoice'] }],
    [{ systemMatches: ['^you are \\w+'] }, { systemMatches: ['^I am'] }],
    [{ lastTurnMatches: ['no\\. \\d{5}\\b'] }, { lastTurnMatches: ['no\\. \\d{6}'] }],
    [{ task: ['simple_chat', 'simple_qa'] }, { task: ['summarization'] }],
    [{ language: ['de', 'nl'] }, { language: ['en'] }],
    [{ minInputTokens: 5 }, { minInputTokens: 5_000 }],
    [{ maxInputTokens: 5_000 }, { maxInputTokens: 5 }],
    [{ between: ['22:00-06:00'] }, { between: ['06:00-22:00'] }],
    [{ days: ['thu'] }, { days: ['fri'] }],
    [{ header: { 'user-agent': ['acme-*'] } }, { header: { 'user-agent': ['other/*'] } }],
    [{ header: { 'x-app': ['*'] } }, { header: { 'x-app': ['*'], 'x-other': ['*'] } }],
  ]
  for (const [yes, no] of pairs) {
    expect(holds(yes), JSON.stringify(yes)).toBe(true)
    expect(holds(no), JSON.stringify(no)).toBe(false)
  }
  const all = Object.assign({}, ...pairs.map(([yes]) => yes))
  expect(holds(all)).toBe(true)
  for (const [, no] of pairs) expect(holds({ ...all, ...no })).toBe(false)
})

test('takes the first rule that holds, and names it', () => {
  const find = createFindRule([
    { name: 'bob', when: { tenant: ['bob'] }, use: { route: 'claude' } },
    { when: { task: ['simple_qa'] }, use: { threshold: 0.4 } },
    { name: 'the rest', when: {}, use: { tier: 'cheap' } },
  ])
  expect(find({ ...usual, tenantId: 'bob' })).toEqual({ route: 'claude', reason: 'rule: bob' })
  expect(find(usual)).toEqual({ threshold: 0.4, reason: 'rule: 2' })
  expect(find({ ...usual, task: 'other' })).toEqual({ tier: 'cheap', reason: 'rule: the rest' })
  expect(createFindRule([])(usual)).toBeUndefined()
})

test('finds out the language only where every other condition holds', () => {
  let asked = 0
  const subject: RuleSubject = {
    ...usual,
    get language() {
      asked++
      return 'de'
    },
  }
  const when = { language: ['de'], lastTurnContains: ['rechnung'] }
  const find = createFindRule([
    { when: { ...when, tenant: ['bob'] }, use: { route: 'claude' } },
    { when: { ...when, lastTurnContains: ['invoice'] }, use: { route: 'claude' } },
    { when, use: { tier: 'cheap' } },
  ])
  expect(find(subject)).toMatchObject({ tier: 'cheap' })
  expect(asked).toBe(1)
})

test('has no user and no header where the request has none', () => {
  expect(holds({ user: ['*'] }, { user: undefined })).toBe(false)
  expect(holds({ header: { 'x-app': ['*'] } }, { header: () => undefined })).toBe(false)
  expect(holds({ user: ['*'] }, { user: 'x'.repeat(2_000_000) })).toBe(false)
})

test('says the same of a text and of the same text as blocks, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
      (text, phrase) => {
        const blocks = ask('', { messages: [{ role: 'user', content: [{ type: 'text', text }] }] })
        const when = { lastTurnContains: [phrase] }
        expect(holds(when, { features: featuresOf(ask(text)) })).toBe(
          holds(when, { features: featuresOf(blocks) }),
        )
      },
    ),
  )
})
