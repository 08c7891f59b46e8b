/** What servers of several makes tell of themselves, each by the pages that it has. */
import { expect, test } from 'vitest'
import { localMessagesProtocol } from '../../../../edge/providers/local/messages-protocol.ts'
import { localOpenAiProtocol } from '../../../../edge/providers/local/openai-protocol.ts'
import { askReadiness, type ReadinessOptions } from '../../../../edge/providers/local/readiness.ts'

/** Asks a server that has these pages and no others. */
async function look(pages: Record<string, unknown>, options: Partial<ReadinessOptions> = {}) {
  const asked: string[] = []
  const readiness = await askReadiness(
    {
      url: 'http://server.test',
      secret: undefined,
      protocol: localOpenAiProtocol,
      now: () => 0,
      async fetch(url) {
        const path = new URL(url).pathname
        asked.push(path)
        const page = pages[path]
        return page === undefined ? new Response('not here', { status: 404 }) : Response.json(page)
      },
      ...options,
    },
    new AbortController().signal,
  )
  return { ...readiness.model, asked }
}

const list = (...models: Record<string, unknown>[]) => ({ '/v1/models': { object: 'list', data: models } })

test('a foreign Messages server is ready where it lists its models', async () => {
  const found = await look(list({ id: 'theirs' }), { protocol: localMessagesProtocol })
  expect(found).toMatchObject({ name: 'theirs', card: undefined, isContainer: false })
  expect(found.maxInputTokens).toBeUndefined()
})

test('our container says whether it can be held to a form; an older one says nothing of it', async () => {
  const page = { status: 'ready', model: 'ours', maxInputTokens: 1_000 }
  for (const [told, known] of [
    [{ structuredOutputs: true }, true],
    [{ structuredOutputs: 'yes' }, false],
    [{}, false],
  ] as const)
    expect(
      await look({ '/readyz': { ...page, ...told } }, { protocol: localMessagesProtocol }),
    ).toMatchObject({ isContainer: true, structuredOutputs: known })
})

test('a page of the same name that says nothing of a model is not taken for our container’s', async () => {
  const pages = { '/readyz': { status: 'ok' }, ...list({ id: 'theirs' }) }
  const found = await look(pages, { protocol: localMessagesProtocol })
  expect(found).toMatchObject({ name: 'theirs', isContainer: false })
})

test.each([
  ['its limit for input', { max_input_tokens: 3_000, max_model_len: 9_000 }, 3_000, 6_000],
  ['vLLM’s context', { max_model_len: 8_192 }, 4_096, 4_096],
  ['a context', { context_length: 2_048, max_model_len: null }, 1_024, 1_024],
  ['input alone', { max_input_tokens: 3_000 }, 3_000, undefined],
])('a list of models may state %s', async (_, stated, input, output) => {
  const found = await look(list({ id: 'theirs', ...stated }))
  expect(found).toMatchObject({ maxInputTokens: input, maxOutputTokens: output })
  expect(found.asked).toEqual(['/v1/models'])
})

test.each([0, -1, 'many', {}])('a limit of %o is none', async (value) => {
  const found = await look(list({ id: 'theirs', max_input_tokens: value, max_model_len: value }))
  expect(found.maxInputTokens).toBeUndefined()
})

test('llama.cpp tells the context of a slot on its page of properties', async () => {
  const props = { total_slots: 4, default_generation_settings: { n_ctx: 16_384 } }
  const listed = list({ id: '/models/tiny.gguf', owned_by: 'llamacpp', meta: { n_ctx_train: 131_072 } })
  expect(await look({ ...listed, '/props': props })).toMatchObject({
    maxInputTokens: 8_192,
    maxOutputTokens: 8_192,
    owner: 'llamacpp',
  })
})

test('Ollama tells the context of a model that is loaded', async () => {
  const loaded = {
    models: [
      { name: 'other:1b', context_length: 1_024 },
      { name: 'qwen3:latest', context_length: 4_096 },
    ],
  }
  const pages = { ...list({ id: 'other:1b' }, { id: 'qwen3:latest' }), '/api/ps': loaded }
  expect(await look(pages, { model: 'qwen3' })).toMatchObject({ name: 'qwen3', maxInputTokens: 2_048 })
  const unloaded = { ...pages, '/api/ps': { models: [] } }
  expect((await look(unloaded, { model: 'qwen3' })).maxInputTokens).toBeUndefined()
})

test('the limits are those of the model that the operator chose', async () => {
  const pages = list({ id: 'first', max_model_len: 512 }, { id: 'second', max_model_len: 8_192 })
  expect(await look(pages, { model: 'second' })).toMatchObject({ name: 'second', maxInputTokens: 4_096 })
  expect((await look(pages, { model: 'third' })).maxInputTokens).toBeUndefined()
})

test('pages that fail cost the server nothing but what they would have told', async () => {
  const found = await look({ ...list({ id: 'theirs' }), '/props': 'no', '/api/ps': [1] })
  expect(found).toMatchObject({ name: 'theirs', maxInputTokens: undefined })
})
