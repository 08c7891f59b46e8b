/** What rules change in decisions, and what they never do; and that settings, headers and clock reach them. */
import { expect, test } from 'vitest'
import { readConfig } from '../../../../edge/config.ts'
import type { Circumstances } from '../../../../edge/routing/circumstances.ts'
import { decide } from '../../../../edge/routing/decide.ts'
import { STRATEGIES } from '../../../../edge/strategy.ts'
import { uniformTrust } from '../../../../shared/model-card.ts'
import { BOB_KEY } from '../../../support/edge/canaries.ts'
import {
  cardOf,
  COMPLEX_VERDICT as complex,
  SIMPLE_VERDICT as simple,
  USUAL,
} from '../../../support/edge/circumstances.ts'
import { featuresOf } from '../../../support/edge/requests.ts'
import { ask, createTestRouter } from '../../../support/edge/router.ts'

const plain = featuresOf(ask('Hello'))
const untrusted: Partial<Circumstances> = {
  local: { model: 'tiny-model', card: cardOf({}), maxInputTokens: 1_000 },
}
const local = { route: 'local', reason: 'rule: mine' } as const
const claude = { route: 'claude', reason: 'rule: mine' } as const

function decideWith(change: Partial<Circumstances>, verdict = simple, features = plain) {
  const { targets, reason, rejection, zone } = decide(features, verdict, {
    ...USUAL,
    ...untrusted,
    ...change,
  })
  const route = targets.map(({ provider, model }) => (provider === 'claude' ? model : provider)).join(', ')
  return { route: rejection === undefined ? route : `${rejection.status}`, reason, zone }
}

test('route: local lifts the score and what the card says, nothing more', () => {
  const decided = { route: 'local, cheap', reason: 'rule: mine', zone: 'simple' }
  expect(decideWith({ rule: local })).toEqual(decided)
  expect(decideWith({ rule: local }, complex)).toEqual({ ...decided, route: 'local, strong' })
  for (const features of [
    { ...plain, usesTools: true },
    { ...plain, nonTextBlock: 'image' },
  ])
    expect(decideWith({ rule: local }, simple, features).route).not.toContain('local')
  const long = { ...plain, estimatedInputTokens: 2_000 }
  expect(decideWith({ rule: local }, simple, long).reason).toBe('context too long')
})

test('no rule lifts what needs Claude, nor takes the strong model from it', () => {
  const poison = featuresOf(ask('Is it safe to mix bleach and ammonia?'))
  const sensitive = { ...simple, sensitive: true }
  for (const rule of [local, { ...local, tier: 'cheap' as const }, { reason: 'rule: mine', threshold: 1 }]) {
    expect(decideWith({ rule }, simple, poison).route).toBe('strong')
    expect(decideWith({ rule }, sensitive).route).toBe('strong')
  }
})

test('rules choose within the strategy', () => {
  expect(decideWith({ rule: local, strategy: 'claude_only' }).route).toBe('cheap')
  expect(decideWith({ rule: claude, strategy: 'local_only' }).route).toBe('local')
  expect(decideWith({ rule: claude, strategy: 'local_fallback' })).toEqual({
    route: 'cheap',
    reason: 'rule: mine',
    zone: 'complex',
  })
  expect(decideWith({ rule: local, local: undefined }).route).toBe('cheap')
})

test('what the client may demand and what is private stand above every rule', () => {
  for (const strategy of STRATEGIES) {
    expect(decideWith({ strategy, rule: claude, privacyLocal: true }).route).toBe('local')
    expect(decideWith({ strategy, rule: claude, force: 'local' }).route).toBe('local')
    expect(decideWith({ strategy, rule: local, force: 'claude' }).route).toBe('cheap')
  }
  expect(decideWith({ rule: local, routed: false }).reason).toBe('model not routed')
  expect(decideWith({ rule: local, staysWithSession: true }).route).toBe('cheap')
})

test('tier names the Claude model for virtual names only', () => {
  const cheap = { tier: 'cheap', reason: 'rule: mine' } as const
  const strong = { tier: 'strong', reason: 'rule: mine' } as const
  expect(decideWith({ rule: cheap }, complex)).toMatchObject({
    route: 'cheap',
    reason: 'hybrid: complex task, rule: mine',
  })
  expect(decideWith({ rule: strong, strategy: 'claude_only' }).route).toBe('strong')
  expect(decideWith({ rule: { ...claude, tier: 'strong' } }).route).toBe('strong')
  expect(decideWith({ rule: { ...local, tier: 'strong' } }).route).toBe('local, strong')
  for (const rule of [cheap, strong])
    expect(decideWith({ rule, requestedModel: 'claude-opus-5-5' }, complex).route).toBe('claude-opus-5-5')
  expect(decide(plain, simple, { ...USUAL, ...untrusted, rule: cheap }).complexModel).toBe('cheap')
})

const TRUSTED = { LOCAL_TASKS: 'simple_chat,simple_qa,summarization,classification' }
const rulesOf = (...rules: readonly object[]) => ({ ...TRUSTED, ROUTER_RULES: JSON.stringify(rules) })
const headersOf = (response: Response) => [
  response.headers.get('x-router-route'),
  response.headers.get('x-router-reason'),
]

test('reads tenant, user and headers of a request', async () => {
  const router = await createTestRouter(
    rulesOf(
      { name: 'bob', when: { tenant: 'bob' }, use: { route: 'claude' } },
      { name: 'user', when: { user: 'u-*' }, use: { route: 'claude' } },
      { name: 'app', when: { header: { 'X-App': 'cli' } }, use: { route: 'claude' } },
    ),
  )
  expect(headersOf(await router.post(ask()))).toEqual(['local', 'hybrid: simple task'])
  expect(headersOf(await router.post(ask(), { 'x-api-key': BOB_KEY }))).toEqual(['claude', 'rule: bob'])
  const named = ask(undefined, { metadata: { user_id: 'u-17' } })
  expect(headersOf(await router.post(named))).toEqual(['claude', 'rule: user'])
  expect(headersOf(await router.post(ask(), { 'x-app': 'CLI' }))).toEqual(['claude', 'rule: app'])
})

test('reads the clock', async () => {
  // The test router begins at midnight.
  const night = { when: { between: '22:00-06:00' }, use: { route: 'claude' } }
  const router = await createTestRouter(rulesOf(night))
  expect(headersOf(await router.post(ask()))).toEqual(['claude', 'rule: 1'])
  router.advance(6 * 3_600_000)
  expect(headersOf(await router.post(ask()))).toEqual(['local', 'hybrid: simple task'])
})

test('another threshold holds for the requests of the rule', async () => {
  const router = await createTestRouter(
    rulesOf({ name: 'careful', when: { tenant: 'bob' }, use: { threshold: 0 } }),
  )
  expect(headersOf(await router.post(ask()))).toEqual(['local', 'hybrid: simple task'])
  expect(headersOf(await router.post(ask(), { 'x-api-key': BOB_KEY }))).toEqual([
    'claude',
    'hybrid: complex task, rule: careful',
  ])
})

test('a rule that is wrong stops the start and is named', async () => {
  const rules = '[{"name":"night","when":{"betwen":"22:00-06:00"},"use":{"tier":"cheap"}}]'
  const { problems } = await readConfig({ ALLOW_ANONYMOUS: 'true', ROUTER_RULES: rules }).then((result) =>
    result.ok ? { problems: [] } : result,
  )
  expect(problems).toEqual([
    expect.stringMatching(/^ROUTER_RULES rule 1 \(night\): when has no "betwen"; possible are/),
  ])
})

test('a rule that chooses side or threshold has the last word, and no judge', () => {
  const card = { trust: uniformTrust('full'), languages: null, maxTemperature: null, exam: null }
  const judging = { model: 'tiny-model', card, maxInputTokens: 1_000, judges: true }
  const judgedBy = (rule: Circumstances['rule']) =>
    decide(plain, simple, { ...USUAL, ...untrusted, local: judging, judgedFrom: 0.4, rule }).targets[0]
  expect(judgedBy(undefined)).toHaveProperty('judgeThreshold')
  expect(judgedBy({ tier: 'cheap', reason: 'rule: mine' })).toHaveProperty('judgeThreshold')
  for (const rule of [local, { threshold: 0.3, reason: 'rule: mine' }])
    expect(judgedBy(rule)).toEqual({ provider: 'local', model: 'tiny-model' })
})
