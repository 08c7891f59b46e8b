/**
 * Conversations through the whole router: which model the next turn gets when the one before has left a warm prompt cache, and
 * what a turn is worth by itself, by the shipped classifier.
 */
import { expect, test } from 'vitest'
import { BOB_KEY, COMPLEX_PROMPT } from '../support/edge/canaries.ts'
import { requestMessages } from '../support/edge/log-collector.ts'
import { claudeMessage } from '../support/edge/messages.ts'
import { createTestRouter, type TestRouter } from '../support/edge/router.ts'
import { answerNonStreaming, claude, container, DECISIONS_URL, decisions } from '../support/edge/upstreams.ts'

const STRONG = 'claude-sonnet-5-5'
const CHEAP = 'claude-haiku-5-5'
const MINUTE = 60_000
const CODE =
  '```python\ndef parse(tokens):\n    stack = []\n    for token in tokens:\n        stack.append(token)\n    return stack\n```\nEach token is pushed once, so it takes linear time.'

type Fields = Readonly<Record<string, unknown>>

/** Turns in order: the user's, the assistant's, the user's … */
function conversation(turns: readonly string[], fields: Fields = {}) {
  const messages = turns.map((content, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content }))
  return { model: 'auto', max_tokens: 64, cache_control: { type: 'ephemeral' }, messages, ...fields }
}
const first = (fields?: Fields) => conversation([COMPLEX_PROMPT], fields)
const thanks = (fields?: Fields) => conversation([COMPLEX_PROMPT, CODE, 'Thanks!'], fields)

/** Claude answers, and tells of so many tokens in its prompt cache. */
function claudeCaches(written: number, read = 0): void {
  const usage = {
    input_tokens: 4,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: 7,
  }
  claude.answer(answerNonStreaming(claudeMessage({ usage })))
}

async function send(router: TestRouter, body: Fields, headers: Record<string, string> = {}) {
  const before = claude.hits.length
  const response = await router.post(body, headers)
  await response.text()
  const hit = claude.hits.slice(before).at(-1)
  return {
    who: hit === undefined ? 'local' : String(JSON.parse(hit.text).model),
    why: response.headers.get('x-router-reason'),
  }
}

const STAYS = { who: STRONG, why: 'hybrid: simple task, stays with the warm cache' }
const MOVES = { who: 'local', why: 'hybrid: simple task' }

test.each([true, false])('stays with the model whose cache is warm (stream: %s)', async (stream) => {
  claudeCaches(3_000)
  const router = await createTestRouter()
  expect(await send(router, first({ stream }))).toEqual({ who: STRONG, why: 'hybrid: complex task' })
  expect(await send(router, thanks({ stream }))).toEqual(STAYS)
  expect(requestMessages().at(-1)).toBe(`[Router] Using Claude (${STAYS.why})`)
})

test('moves where nothing was cached', async () => {
  const router = await createTestRouter()
  await send(router, first())
  expect(await send(router, thanks())).toEqual(MOVES)
})

test('moves when the cache has gone cold', async () => {
  claudeCaches(3_000)
  for (const [asked, minutes] of [
    [{ type: 'ephemeral' }, 5],
    [{ type: 'ephemeral', ttl: '1h' }, 60],
  ] as const) {
    const router = await createTestRouter()
    await send(router, first({ cache_control: asked }))
    router.advance(minutes * MINUTE - 1)
    expect(await send(router, thanks({ cache_control: asked, max_tokens: 63 }))).toEqual(STAYS)
    const cold = await createTestRouter()
    await send(cold, first({ cache_control: asked }))
    cold.advance(minutes * MINUTE + 1)
    expect(await send(cold, thanks({ cache_control: asked, max_tokens: 62 }))).toEqual(MOVES)
  }
})

test('stays as long as each turn keeps the cache warm', async () => {
  claudeCaches(3_000)
  const router = await createTestRouter()
  await send(router, first())
  const turns = [COMPLEX_PROMPT]
  claudeCaches(100, 3_000)
  for (const said of ['Thanks!', 'Hello!', 'Thank you!', 'Bye!']) {
    router.advance(4 * MINUTE)
    turns.push(CODE, said)
    expect(await send(router, conversation(turns))).toEqual(STAYS)
  }
})

test('an answer of the local model leaves the cache as it is, only older', async () => {
  claudeCaches(3_000)
  const router = await createTestRouter()
  await send(router, first())
  router.advance(3 * MINUTE)
  expect((await send(router, thanks(), { 'x-router-force': 'local' })).who).toBe('local')
  const bye = conversation([COMPLEX_PROMPT, CODE, 'Thanks!', 'You are welcome.', 'Bye!'])
  router.advance(2 * MINUTE - 1)
  expect(await send(router, bye)).toEqual(STAYS)
})

test('an answer of the local model does not keep the cache warm', async () => {
  claudeCaches(3_000)
  const router = await createTestRouter()
  await send(router, first())
  router.advance(3 * MINUTE)
  await send(router, thanks(), { 'x-router-force': 'local' })
  router.advance(2 * MINUTE + 1)
  const bye = conversation([COMPLEX_PROMPT, CODE, 'Thanks!', 'You are welcome.', 'Bye!'])
  expect(await send(router, bye)).toEqual(MOVES)
})

test('moves up to the strong model at once, and stays there', async () => {
  claudeCaches(3_000)
  const router = await createTestRouter({
    ROUTER_RULES: JSON.stringify([
      { when: { header: { 'x-begin': ['cheap'] } }, use: { route: 'claude', tier: 'cheap' } },
    ]),
  })
  expect((await send(router, conversation(['Hello!']), { 'x-begin': 'cheap' })).who).toBe(CHEAP)
  const hard = ['Hello!', 'Hello! How can I help?', COMPLEX_PROMPT]
  expect((await send(router, conversation(hard))).who).toBe(STRONG)
  expect(await send(router, conversation([...hard, CODE, 'Thanks!']))).toEqual(STAYS)
})

test('moves down where what is new outweighs what is warm', async () => {
  claudeCaches(20)
  const router = await createTestRouter()
  await send(router, first())
  expect(await send(router, thanks())).toEqual(MOVES)
})

test('stays by claude_only, and for OpenAI’s clients', async () => {
  claudeCaches(3_000)
  const router = await createTestRouter({ LLM_STRATEGY: 'claude_only' })
  const path = '/v1/chat/completions'
  for (const body of [first(), thanks()]) {
    await (await router.post(body, {}, { path })).text()
  }
  expect(claude.hits.map(({ text }) => JSON.parse(text).model)).toEqual([STRONG, STRONG])
})

test('never changes a model that the client names', async () => {
  claudeCaches(3_000)
  const router = await createTestRouter({ LLM_STRATEGY: 'claude_only' })
  await send(router, first())
  expect(await send(router, thanks({ model: CHEAP }))).toEqual({ who: CHEAP, why: 'claude_only' })
  expect(await send(router, thanks({ model: 'claude-opus-5-5' }))).toMatchObject({ who: 'claude-opus-5-5' })
})

test('lets privacy and the client’s own wish go before', async () => {
  claudeCaches(3_000)
  const router = await createTestRouter()
  await send(router, first())
  expect((await send(router, thanks(), { 'x-router-privacy': 'local' })).who).toBe('local')
  expect((await send(router, thanks(), { 'x-router-force': 'local' })).who).toBe('local')
})

test('knows the conversations of each tenant for itself', async () => {
  claudeCaches(3_000)
  const router = await createTestRouter()
  await send(router, first())
  expect(await send(router, thanks(), { 'x-api-key': BOB_KEY })).toEqual(MOVES)
})

test('takes no second look where the conversation stays whatever it says', async () => {
  claudeCaches(3_000)
  const unsure = { ROUTER_THRESHOLD: '0', JUDGE_THRESHOLD: '0.4', SECOND_LOOK_URL: DECISIONS_URL }
  const router = await createTestRouter(unsure)
  await send(router, first())
  expect(await send(router, thanks())).toMatchObject({
    who: STRONG,
    why: expect.stringMatching(/warm cache$/),
  })
  expect(decisions.hits).toHaveLength(0)
})

test('explains with the session, and keeps none by explaining', async () => {
  claudeCaches(3_000)
  const router = await createTestRouter()
  const explain = async (body: Fields) => (await router.post(body, {}, { path: '/v1/router/explain' })).json()
  expect(await explain(first())).toMatchObject({ session: null })
  await send(router, first())
  router.advance(MINUTE)
  expect(await explain(thanks())).toMatchObject({
    reason: STAYS.why,
    targets: [{ provider: 'claude', model: STRONG }],
    session: { model: STRONG, prefixTokens: 3_000, ageMs: MINUTE },
    whatWouldChange: expect.arrayContaining([
      expect.objectContaining({ change: 'without a warm prompt cache', route: 'local', reason: MOVES.why }),
    ]),
  })
  expect(container.hits).toHaveLength(0)
})

type Sayings = {
  readonly hard: string
  readonly greeting: string
  readonly thanks: string
  readonly followUps: readonly string[]
}

const LANGUAGES: Readonly<Record<string, Sayings>> = {
  English: {
    hard: 'Write a Python function that merges overlapping intervals in O(n log n), with unit tests.',
    greeting: 'Hi there!',
    thanks: 'thanks!',
    followUps: ['port that to C#', 'why?', 'and in Spanish?', 'now without recursion'],
  },
  French: {
    hard: 'Écris une fonction Python qui fusionne des intervalles chevauchants en O(n log n), avec des tests unitaires.',
    greeting: 'Bonjour !',
    thanks: 'Merci beaucoup !',
    followUps: ['Porte ça en C#', 'Pourquoi ?', 'maintenant sans récursion'],
  },
  Spanish: {
    hard: 'Escribe una función en Python que fusione intervalos solapados en O(n log n), con pruebas unitarias.',
    greeting: '¡Hola!',
    thanks: '¡Gracias!',
    followUps: ['Pásalo a C#', '¿Por qué?', '¿Y en inglés?', 'ahora sin recursión'],
  },
  Italian: {
    hard: 'Scrivi una funzione Python che unisca intervalli sovrapposti in O(n log n), con test unitari.',
    greeting: 'Ciao!',
    thanks: 'Grazie!',
    followUps: ['Portalo in C#', 'Perché?', 'E in spagnolo?', 'ora senza ricorsione'],
  },
  Portuguese: {
    hard: 'Escreve uma função em Python que una intervalos sobrepostos em O(n log n), com testes unitários.',
    greeting: 'Olá!',
    thanks: 'Obrigado!',
    followUps: ['Converte isso para C#', 'Por quê?', 'E em espanhol?', 'agora sem recursão'],
  },
  Japanese: {
    hard: '重なる区間をO(n log n)で統合するPython関数を、単体テスト付きで書いてください。',
    greeting: 'こんにちは',
    thanks: 'ありがとう！',
    followUps: ['それをC#に移植して', 'なぜ？', 'スペイン語では？'],
  },
}

test.each(Object.entries(LANGUAGES))(
  'judges the last turn in the light of those before it: %s',
  async (_, { hard, greeting, thanks, followUps }) => {
    const router = await createTestRouter()
    const explain = async (...turns: readonly string[]) =>
      (await router.post(conversation(turns), {}, { path: '/v1/router/explain' })).json()
    expect(await explain(greeting, 'Hello! How can I help?', hard)).toMatchObject({ complex: true })
    expect(await explain(hard, CODE, thanks)).toMatchObject({ complex: false })
    for (const said of followUps)
      expect(await explain(hard, CODE, said), said).toMatchObject({ complex: true })
  },
)
