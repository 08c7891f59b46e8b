/** The most that a request can take: rather too much than too little, and by the dearest model that may answer. */
import { expect, test } from 'vitest'
import { upperBound } from '../../../edge/budgets/upper-bound.ts'
import { LIST_PRICES } from '../../../edge/ledger/prices.ts'
import type { Target } from '../../../edge/target.ts'
import { COMPLEX_PROMPT } from '../../support/edge/canaries.ts'
import { routerRequest } from '../../support/edge/requests.ts'
import { ask } from '../../support/edge/router.ts'

const LOCAL: Target = { provider: 'local', model: 'tiny-model' }
const HAIKU: Target = { provider: 'claude', model: 'claude-haiku-5-5' }
const OPUS: Target = { provider: 'claude', model: 'claude-opus-5-5' }

const boundOf = (fields: Record<string, unknown>, targets: readonly Target[], overrides = {}) =>
  upperBound(routerRequest(ask(COMPLEX_PROMPT, fields), overrides), targets, LIST_PRICES)

test('the dearest target counts, and local ones cost nothing', () => {
  const dear = boundOf({}, [LOCAL, HAIKU, OPUS])
  expect(dear.nanoUsd).toBe(boundOf({}, [OPUS]).nanoUsd)
  expect(dear.nanoUsd).toBeGreaterThan(boundOf({}, [LOCAL, HAIKU]).nanoUsd)
  expect(boundOf({}, [LOCAL])).toMatchObject({ nanoUsd: 0, unpriced: [] })
  expect(boundOf({}, [])).toEqual({ tokens: 0, nanoUsd: 0, unpriced: [] })
})

test('what the local model may write before Claude takes over counts as well; of Claude’s models one answers', () => {
  const tokens = (targets: readonly Target[]) => boundOf({}, targets).tokens
  expect(tokens([LOCAL, HAIKU])).toBe(tokens([LOCAL]) + tokens([HAIKU]))
  expect(tokens([LOCAL, HAIKU, OPUS])).toBe(tokens([LOCAL, HAIKU]))
  expect(tokens([OPUS])).toBe(tokens([HAIKU]))
})

test('max_tokens bounds the answer, up to what the model can write', () => {
  const tokens = (max_tokens: number) => boundOf({ max_tokens }, [OPUS]).tokens
  expect(tokens(2_000) - tokens(1_000)).toBe(1_000)
  expect(tokens(10_000_000) - tokens(128_000)).toBeLessThan(10)
  const unlimited = boundOf({ max_tokens: 10 }, [OPUS], { unlimited: true })
  expect(unlimited.tokens).toBeGreaterThan(128_000)
})

test('what is written to the prompt cache costs what that costs', () => {
  const system = (cache_control?: object) => [{ type: 'text', text: 'x'.repeat(10_000), cache_control }]
  const plain = boundOf({ system: system() }, [OPUS]).nanoUsd
  const cached = boundOf({ system: system({ type: 'ephemeral' }) }, [OPUS]).nanoUsd
  const anHour = boundOf({ system: system({ type: 'ephemeral', ttl: '1h' }) }, [OPUS]).nanoUsd
  expect(cached).toBeGreaterThan(plain)
  expect(anHour).toBeGreaterThan(cached)
})

test('marks count however JSON writes them, and the word alone is none', () => {
  const body = ask(COMPLEX_PROMPT, {
    system: [{ type: 'text', text: 'x'.repeat(10_000), cache_control: { type: 'ephemeral', ttl: '1h' } }],
  })
  const plain = JSON.stringify(body)
  const written = plain.replace('cache_control', 'cache_c\\u006fntrol').replace('"1h"', '"\\u0031\\u0068"')
  const bound = (text: string) =>
    upperBound({ ...routerRequest(JSON.parse(text)), text }, [OPUS], LIST_PRICES).nanoUsd
  expect(bound(written)).toBeGreaterThanOrEqual(bound(plain))
  const talked = boundOf({ system: 'x"cache_control"'.repeat(100) }, [OPUS]).nanoUsd
  expect(talked).toBe(boundOf({ system: 'x"cachexcontrol"'.repeat(100) }, [OPUS]).nanoUsd)
})

test('an image is as long as images can be, not as its bytes', () => {
  const image = (data: string) => ({
    type: 'image',
    source: { type: 'base64', media_type: 'image/png', data },
  })
  const withImages = (...data: string[]) =>
    boundOf({ messages: [{ role: 'user', content: data.map(image) }] }, [OPUS]).tokens
  expect(withImages('A'.repeat(1_000_000))).toBeLessThan(6_000)
  expect(withImages('A', 'A')).toBeGreaterThan(10_000)
})

test('a document that is only named counts as a long one', () => {
  const content = [{ type: 'document', source: { type: 'url', url: 'https://example.test/a.pdf' } }]
  expect(boundOf({ messages: [{ role: 'user', content }] }, [OPUS]).tokens).toBeGreaterThan(100_000)
})

test('pictures inside tool results are counted, too', () => {
  const image = {
    type: 'image',
    source: { type: 'base64', media_type: 'image/png', data: 'A'.repeat(500_000) },
  }
  const content = [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [image] }]
  const { tokens } = boundOf({ messages: [{ role: 'user', content }] }, [OPUS])
  expect(tokens).toBeGreaterThan(5_000)
  expect(tokens).toBeLessThan(10_000)
})

test('models and speeds without a known price are named', () => {
  const unknown: Target = { provider: 'claude', model: 'claude-unknown-9' }
  expect(boundOf({}, [HAIKU, unknown])).toMatchObject({ unpriced: ['claude-unknown-9'] })
  expect(boundOf({ speed: 'fast' }, [OPUS])).toMatchObject({ unpriced: ['claude-opus-5-5'] })
})

test('so does what the router may have written there', () => {
  const request = routerRequest(ask(COMPLEX_PROMPT, { max_tokens: 0 }))
  const [plain, marked] = [false, true].map((may) => upperBound(request, [OPUS], LIST_PRICES, may))
  expect(marked?.nanoUsd).toBe(1.25 * (plain?.nanoUsd ?? 0))
  expect(marked?.tokens).toBe(plain?.tokens)
})
