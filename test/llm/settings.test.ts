/** The library reads the edge's settings as the edge does, and says at once what is wrong. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readConfig } from '../../edge/config.ts'
import { readSettings } from '../../llm/settings.ts'

const text = (...values: string[]) => fc.option(fc.constantFrom(...values), { nil: undefined })
const duration = text('', '1', '2500', '3600000', '0', '3600001', 'soon', '1.5')

const environment = fc.record({
  LLM_STRATEGY: text('claude_only', 'hybrid', 'local_fallback', 'local_only', 'fast', ' hybrid '),
  LOCAL_LLM_ENABLED: text('true', 'false', '', 'yes'),
  LOCAL_LLM_PROTOCOL: text('anthropic', 'openai', 'grpc'),
  LOCAL_LLM_MODEL: text('a-model'),
  LOCAL_LLM_SECRET: text('0123456789abcdef'),
  LOCAL_TASKS: text('auto', 'simple_chat', 'summarization, simple_qa', 'poetry', ','),
  LOCAL_MAX_INPUT_TOKENS: text('1', '4096', '0', 'many'),
  LOCAL_TIMEOUT_MS: duration,
  LOCAL_HEADERS_MS: duration,
  LOCAL_FIRST_CONTENT_MS: duration,
  LOCAL_IDLE_MS: duration,
  ANTHROPIC_API_KEY: text('sk-ant-1', ' '),
  ANTHROPIC_BASE_URL: text('https://claude.test/', 'http://claude.test', 'http://localhost:1', 'nowhere'),
  CLAUDE_MODEL: text('claude-opus-5'),
  CLAUDE_SIMPLE_MODEL: text('claude-haiku-5'),
  CLAUDE_TIMEOUT_MS: duration,
  CLAUDE_HEADERS_MS: duration,
  CLAUDE_FIRST_EVENT_MS: duration,
  CLAUDE_IDLE_MS: duration,
  CLAUDE_MAX_RETRIES: text('0', '5', '6'),
  ROUTED_MODELS: text('*', 'claude-*, gpt-4o', ','),
  ROUTER_THRESHOLD: text('0', '0.25', '1.0', '.5', '2', 'half'),
  SIDE_REQUESTS_LOCAL: text('true', 'no'),
  CACHE_TTL_SECONDS: text('0', '60', '-1'),
  CACHE_MAX_ENTRIES: text('0', '10', '1e3'),
  CACHE_MAX_BYTES: text('0', '1048576', '999999999999'),
  SAVINGS_BASELINE: text('claude-opus-5'),
  PRICES: text('{}', '{"claude-9":{"input":1,"output":5}}', '{"claude-9":{"input":1}}', '[]'),
  LOG_CONTENT: text('off', 'redacted', 'full', 'some'),
  TRAINING_LOG: text('off', 'redacted', 'full', 'some'),
  RETENTION_DAYS: text('1', '90', '0'),
  LOG_FORMAT: text('json', 'text'),
})
const address = text(
  'http://127.0.0.1:8080/',
  'https://container.test/v1',
  'http://container.test',
  'https://a:b@container.test',
  'http://localhost:1,http://localhost:2',
)

test('agrees with the edge on every setting and every error', async () => {
  await fc.assert(
    fc.asyncProperty(environment, address, async (env, url) => {
      const enabled = env.LOCAL_LLM_ENABLED === 'true'
      const given = enabled ? { ...env, LOCAL_LLM_URL: url ?? 'http://127.0.0.1:8080' } : env
      const edge = await readConfig({ ...given, ALLOW_ANONYMOUS: 'true' })
      if (!edge.ok) {
        // The edge names wrong values first and contradictions afterwards; the library may name both at once.
        for (const problem of edge.problems) expect(() => readSettings(given)).toThrow(problem)
        return
      }
      const { config } = edge
      const settings = readSettings(given)
      expect(settings).toMatchObject({
        strategy: config.strategy,
        localEnabled: config.local !== undefined,
        claude: config.claude,
        routedModels: config.routedModels,
        thresholds: config.thresholds,
        simpleToolTurns: config.simpleToolTurns,
        sideRequestsLocal: config.sideRequestsLocal,
        cache: config.cache,
        savingsBaseline: config.savingsBaseline,
        prices: config.prices,
        content: config.content,
        retentionDays: config.retentionDays,
      })
      if (config.local !== undefined) expect(settings.local).toEqual(config.local)
    }),
    { numRuns: 400 },
  )
})

test('has the model in this process where no address is set', () => {
  expect(readSettings({ LOCAL_LLM_ENABLED: 'true' }).localInProcess).toBe(true)
  expect(readSettings({ LOCAL_LLM_URL: 'http://127.0.0.1:8080' }).localInProcess).toBe(false)
})

test('does not judge the address of a container that is not to be used', () => {
  expect(readSettings({ LOCAL_LLM_URL: 'nowhere' }).localInProcess).toBe(true)
})

test('takes LOG_LEVEL=silent in any case', () => {
  expect(readSettings({ LOG_LEVEL: 'Silent' }).silent).toBe(true)
  expect(readSettings({ LOG_LEVEL: 'info' }).silent).toBe(false)
})

test('never quotes a secret', () => {
  const secret = 'sk-ant-canary'
  expect(() => readSettings({ ANTHROPIC_API_KEY: secret, LLM_STRATEGY: 'fast' })).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining(secret) }),
  )
})
