/** What is new and retired of Claude's models, and what the command's exit code says of it. */
import { expect, test } from 'vitest'
import { PRICED_MODELS } from '../../edge/ledger/prices.ts'
import type { Answer, AskRequest } from '../../scripts/ask.ts'
import { compareModels, compareWithClaude } from '../../scripts/models/claude-list.ts'

const KEY = 'sk-ant-0123456789abc'

function listOf(models: readonly string[], has_more = false): Answer {
  return {
    status: 200,
    body: JSON.stringify({ data: models.map((id) => ({ id, type: 'model' })), has_more }),
  }
}

async function run(answers: readonly (Answer | undefined)[], environment: Record<string, string> = {}) {
  const asked: [string, AskRequest | undefined][] = []
  const lines: string[] = []
  const ask = async (url: string, request?: AskRequest) => {
    asked.push([url, request])
    return answers[asked.length - 1]
  }
  const code = await compareWithClaude({ ANTHROPIC_API_KEY: KEY, ...environment }, ask, (line) =>
    lines.push(line),
  )
  return { code, text: lines.join('\n'), asked }
}

test('says nothing where Claude lists what is built in, dates aside', async () => {
  const dated = PRICED_MODELS.map((model, at) => (at % 2 === 0 ? `${model}-20251001` : model))
  const { code, text, asked } = await run([listOf(dated)])
  expect(code).toBe(0)
  expect(text).toContain('Nothing is new or retired.')
  expect(asked).toEqual([
    [
      'https://api.anthropic.com/v1/models?limit=1000',
      { headers: { 'anthropic-version': '2023-06-01', 'x-api-key': KEY } },
    ],
  ])
})

test('names what is new, retired and without a price, over all pages, and asks for a change', async () => {
  const [gone = '', ...kept] = PRICED_MODELS
  const { code, text, asked } = await run([listOf(['claude-next-6\u001b[31m'], true), listOf(kept)])
  expect(code).toBe(3)
  expect(text).toContain('New (not built in): claude-next-6?[31m')
  expect(text).toContain(`Retired (built in, and not listed any more): ${gone}`)
  expect(text).toMatch(/Without a price .*: claude-next-6/)
  expect(asked[1]?.[0]).toContain('&after_id=claude-next-6')
})

test('a new model that PRICES knows, and one that is retired, ask for nothing', async () => {
  const PRICES = JSON.stringify({ 'claude-next-6': { input: 1, output: 2 } })
  const listed = ['claude-next-6', ...PRICED_MODELS.filter((model) => model !== 'claude-opus-4-5')]
  const { code, text } = await run([listOf(listed)], { PRICES })
  expect(code).toBe(0)
  expect(text).toContain('New (not built in): claude-next-6')
  expect(text).not.toContain('Without a price')
})

test('a model of the settings that is not listed asks for a change', async () => {
  const { code, text } = await run([listOf(PRICED_MODELS)], { CLAUDE_MODEL: 'claude-sonnet-3-9' })
  expect(code).toBe(3)
  expect(text).toMatch(/Missing .*: claude-sonnet-3-9$/m)
})

test('compares names of models only as names', () => {
  expect(compareModels(['constructor', '__proto__'], [], () => false)).toMatchObject({
    added: ['constructor', '__proto__'],
    unpriced: ['constructor', '__proto__'],
  })
})

test.each<[string, Answer | undefined, Record<string, string>, RegExp]>([
  ['no key', undefined, { ANTHROPIC_API_KEY: '' }, /ANTHROPIC_API_KEY is not set/],
  ['nobody', undefined, {}, /api\.anthropic\.com does not answer/],
  [
    'a wrong key',
    { status: 401, body: `{"error":"${KEY}"}` },
    {},
    /gives no list of models \(it answers 401\)/,
  ],
  ['another program', { status: 200, body: '<html>' }, {}, /gives no list of models/],
  ['a wrong setting', undefined, { PRICES: '{"a":1}' }, /PRICES/],
])('%s is told in words, and no key with it', async (_, answer, environment, message) => {
  const failure = await run([answer], environment).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(Error)
  expect(String(failure)).toMatch(message)
  expect(String(failure)).not.toContain(KEY)
})
