/** What ROUTER_RULES may hold, and what is said of anything else. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { operatorRules } from '../../../edge/settings/operator-rules-setting.ts'

function read(value: unknown) {
  const result = operatorRules.safeParse(typeof value === 'string' ? value : JSON.stringify(value))
  return result.success ? result.data : result.error.issues.map(({ message }) => message)
}

const use = { tier: 'cheap' }

test('is no rule where it is unset', () => {
  expect(operatorRules.parse(undefined)).toEqual([])
})

test('reads a value and a list of values, and names of headers in any case', () => {
  const rule = {
    name: 'night traffic',
    when: {
      tenant: 'batch',
      user: ['a', 'b-*'],
      systemContains: 'invoice',
      lastTurnMatches: ['^\\d+$'],
      language: ['de', 'en'],
      task: 'simple_qa',
      minInputTokens: 10,
      maxInputTokens: 10,
      between: '22:00-06:00',
      days: ['sat', 'sun'],
      timezone: 'Europe/Berlin',
      header: { 'User-Agent': 'acme/*' },
    },
    use: { route: 'claude', tier: 'strong' },
  }
  expect(read([rule])).toEqual([
    {
      ...rule,
      when: {
        ...rule.when,
        tenant: ['batch'],
        systemContains: ['invoice'],
        task: ['simple_qa'],
        between: ['22:00-06:00'],
        header: { 'user-agent': ['acme/*'] },
      },
    },
  ])
  expect(read([{ when: {}, use: { threshold: 0.25 } }])).toEqual([{ when: {}, use: { threshold: 0.25 } }])
})

test('names rule and field of what is wrong, and says what is allowed', () => {
  const wrong: readonly (readonly [object, string])[] = [
    [{ use }, 'rule 1: when must be an object of conditions; {} holds for every request'],
    [{ when: {} }, 'rule 1: use must be an object with route, tier or threshold'],
    [{ when: {}, use: {} }, 'rule 1: use must name at least one of route, tier, threshold'],
    [{ when: {}, use, if: 1 }, 'rule 1: it has no "if"; possible are name, when, use'],
    [
      { name: 'mine', when: {}, use: { model: 'x' } },
      'rule 1 (mine): use has no "model"; possible are route, tier, threshold',
    ],
    [{ when: {}, use: { route: 'cloud' } }, 'rule 1: use.route must be local or claude'],
    [{ when: {}, use: { tier: 'dear' } }, 'rule 1: use.tier must be cheap or strong'],
    [{ when: {}, use: { threshold: 2 } }, 'rule 1: use.threshold must be a number from 0 to 1'],
    [
      { when: {}, use: { route: 'local', threshold: 0.5 } },
      'rule 1: use.threshold decides nothing where route is given. Remove one of them',
    ],
    [{ name: 'ü', when: {}, use }, 'rule 1: name must be 1 to 60 printable ASCII characters'],
    [
      { when: { tenant: 7 }, use },
      'rule 1: when.tenant must be a text of 1 to 500 characters, or a list of them',
    ],
    [
      { when: { user: [] }, use },
      'rule 1: when.user must be a text of 1 to 500 characters, or a list of them',
    ],
    [
      { when: { days: 'Monday' }, use },
      'rule 1: when.days must be one of mon, tue, wed, thu, fri, sat, sun, or a list of them',
    ],
    [
      { when: { between: '22-6' }, use },
      'rule 1: when.between must be a time of day such as "22:00-06:00", or a list of them',
    ],
    [
      { when: { days: 'mon', timezone: 'Berlin' }, use },
      'rule 1: when.timezone must be a time zone such as "Europe/Berlin"',
    ],
    [{ when: { timezone: 'UTC' }, use }, 'rule 1: when.timezone says nothing without between or days'],
    [
      { when: { minInputTokens: -1 }, use },
      'rule 1: when.minInputTokens must be a whole number of tokens, 0 or more',
    ],
    [
      { when: { minInputTokens: 9, maxInputTokens: 8 }, use },
      'rule 1: when.minInputTokens must not be more than maxInputTokens',
    ],
    [
      { when: { header: {} }, use },
      'rule 1: when.header must be an object of header names and values, * as wildcard',
    ],
    [{ when: { header: { 'a b': '*' } }, use }, 'rule 1: when.header.a b is no name of a header'],
    [
      { when: { header: { 'x-a': 1 } }, use },
      'rule 1: when.header.x-a must be a text of 1 to 500 characters, or a list of them',
    ],
  ]
  for (const [rule, message] of wrong) expect(read([rule])).toEqual([message])
})

test('says what is wrong with a pattern', () => {
  expect(read([{ when: { lastTurnMatches: ['ok', '(a)\\1'] }, use }])).toEqual([
    'rule 1: when.lastTurnMatches.1 refers back to a group (\\1), which cannot be matched in linear time',
  ])
  expect(read([{ when: { systemMatches: '(' }, use }])).toEqual([
    'rule 1: when.systemMatches is no regular expression: Unterminated group',
  ])
})

test('never reads headers that may hold a credential', () => {
  for (const name of [
    'Authorization',
    'x-api-key',
    'api-key',
    'Cookie',
    'proxy-authorization',
    'x-amz-security-token',
    'cf-access-jwt-assertion',
    'x-client-secret',
  ])
    expect(read([{ when: { header: { [name]: '*' } }, use }])).toEqual([
      `rule 1: when.header.${name.toLowerCase()} may be a credential, which no rule can read. Use tenant for who is asking`,
    ])
  expect(read([{ when: { header: { 'x-keyboard': '*' } }, use }])).toHaveLength(1)
})

test('lists every rule that is wrong, each under its number', () => {
  expect(
    read([
      { when: {}, use: {} },
      { when: { user: 'a' }, use },
      { name: 'b', when: 1, use },
    ]),
  ).toEqual([
    'rule 1: use must name at least one of route, tier, threshold',
    'rule 3 (b): when must be an object of conditions; {} holds for every request',
  ])
})

test('refuses a rule that can never apply', () => {
  const list = [
    { when: { user: 'a' }, use },
    { when: {}, use },
    { name: 'late', when: { user: 'b' }, use },
  ]
  expect(read(list)).toEqual(['rule 3 (late): can never apply: rule 2 before it holds for every request'])
})

test('must be a JSON list of so many rules', () => {
  const shape =
    'must be a JSON list of rules, such as [{"when": {"tenant": "batch"}, "use": {"tier": "cheap"}}]'
  expect(read('{"when": {}}')).toEqual([shape])
  expect(read('[{]')).toEqual([`${shape}; it is no JSON at position 2`])
  expect(read(Array.from({ length: 101 }, () => ({ when: {}, use })))).toEqual(['holds more than 100 rules'])
})

test('the examples of the documentation are rules', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/routing-rules.md'), 'utf8')
  const examples = [...text.matchAll(/```json\n(\[[^`]*)```/g)].map(([, example = '']) => example)
  expect(examples.length).toBeGreaterThanOrEqual(6)
  for (const example of examples) expect(read(example)).toEqual(expect.arrayContaining([expect.any(Object)]))
})
