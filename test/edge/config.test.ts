/** Settings: defaults, what is refused and under which name, and that no value is ever quoted. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Config, readConfig, SETTING_NAMES } from '../../edge/config.ts'
import { findTenant } from '../../edge/tenants.ts'
import { ADMIN_KEY, ALICE_KEY, CLAUDE_KEY, LOCAL_SECRET } from '../support/edge/canaries.ts'

const KEYS = { ROUTER_KEYS: `alice:${ALICE_KEY}` }
const LOCAL = { LOCAL_LLM_ENABLED: 'true', LOCAL_LLM_URL: 'http://127.0.0.1:8080' }

async function read(settings: Record<string, unknown>): Promise<Config> {
  const result = await readConfig({ ...KEYS, ...settings })
  if (!result.ok) throw new Error(result.problems.join('; '))
  return result.config
}

async function problems(settings: Record<string, unknown>): Promise<readonly string[]> {
  const result = await readConfig({ ...KEYS, ...settings })
  return result.ok ? [] : result.problems
}

test('has the documented defaults', async () => {
  expect(await read({})).toMatchObject({
    strategy: 'claude_only',
    local: undefined,
    claude: {
      baseUrl: 'https://api.anthropic.com',
      apiKey: undefined,
      keySource: 'router',
      maxRetries: 1,
      deadlines: { headersMs: 30_000, firstContentMs: 30_000, idleMs: 90_000, totalMs: 600_000 },
    },
    anonymous: undefined,
    adminKeys: [],
    routedModels: ['*'],
    cache: { ttlSeconds: 300, maxEntries: 1_000, maxBytes: 16 * 1024 * 1024 },
    corsOrigins: [],
    logFormat: 'json',
  })
  expect((await read(LOCAL)).local).toMatchObject({
    urls: ['http://127.0.0.1:8080'],
    protocol: 'anthropic',
    tasks: 'auto',
    secret: undefined,
    deadlines: { headersMs: 2_000, firstContentMs: 4_000, idleMs: 15_000, totalMs: 60_000 },
    handover: 'default',
    verify: 'default',
  })
})

test('takes empty and blank values for unset', async () => {
  const blank = Object.fromEntries(SETTING_NAMES.map((name, index) => [name, index % 2 ? '' : ' \n']))
  expect(await read({ ...blank, ...KEYS })).toEqual(await read({}))
})

test('takes numbers and booleans as a platform may hand them over', async () => {
  const config = await read({ CACHE_TTL_SECONDS: 7, LOCAL_LLM_ENABLED: false })
  expect(config.cache.ttlSeconds).toBe(7)
  expect(config.local).toBeUndefined()
})

const CONTRADICTIONS: [string, Record<string, string>, RegExp][] = [
  ['nobody may enter', { ROUTER_KEYS: '' }, /^ROUTER_KEYS is not set/],
  ['keys and anonymous access', { ALLOW_ANONYMOUS: 'true' }, /ROUTER_KEYS and ALLOW_ANONYMOUS/],
  ['local_only without a local model', { LLM_STRATEGY: 'local_only' }, /LOCAL_LLM_ENABLED=true/],
  [
    'the operator’s and the clients’ Claude key',
    { CLAUDE_KEY_SOURCE: 'client', ANTHROPIC_API_KEY: CLAUDE_KEY },
    /ANTHROPIC_API_KEY and CLAUDE_KEY_SOURCE/,
  ],
  ['a local model without an address', { LOCAL_LLM_ENABLED: 'true' }, /^LOCAL_LLM_URL is not set/],
  [
    'a remote container without a secret',
    { LOCAL_LLM_ENABLED: 'true', LOCAL_LLM_URL: 'https://box.example' },
    /^LOCAL_LLM_SECRET is not set/,
  ],
  ['a short admin key', { ADMIN_KEY: 'short' }, /^ADMIN_KEY is shorter than 16/],
  [
    'a tenant’s key that is the administrator’s',
    { ADMIN_KEY, ROUTER_KEYS: `alice:${ADMIN_KEY}` },
    /^ADMIN_KEY is also a key in ROUTER_KEYS/,
  ],
  [
    'two tenants with one key',
    { ROUTER_KEYS: 'alice:0123456789abcdef,alice:another-key-of-alice,bob:0123456789abcdef' },
    /^ROUTER_KEYS gives the tenants "alice" and "bob" the same key/,
  ],
  ['a short tenant key', { ROUTER_KEYS: 'bob:short' }, /^ROUTER_KEYS: the key of tenant "bob"/],
]
for (const [what, settings, problem] of CONTRADICTIONS)
  test(`names the settings that contradict each other: ${what}`, async () => {
    expect(await problems(settings)).toEqual([expect.stringMatching(problem)])
  })

const MALFORMED: [string, string[]][] = [
  ['LLM_STRATEGY', ['best', 'Hybrid', 'hybrid,local_only']],
  ['LOCAL_LLM_ENABLED', ['yes', '1', 'TRUE']],
  ['LOCAL_LLM_PROTOCOL', ['grpc']],
  ['LOCAL_TASKS', ['simple_chat,poetry', ',', 'code_generation', 'simple_chat,simple_chat']],
  ['LOCAL_MAX_INPUT_TOKENS', ['0', '-1', '1.5', 'many']],
  ['LOCAL_TIMEOUT_MS', ['0', '-5', '1e3', '4s', '99999999999999']],
  ['LOCAL_HEADERS_MS', ['0', 'x']],
  ['LOCAL_FIRST_CONTENT_MS', ['0', 'x']],
  ['LOCAL_IDLE_MS', ['0', 'x']],
  ['CLAUDE_KEY_SOURCE', ['both']],
  ['CLAUDE_TIMEOUT_MS', ['0']],
  ['CLAUDE_HEADERS_MS', ['0']],
  ['CLAUDE_FIRST_EVENT_MS', ['0']],
  ['CLAUDE_IDLE_MS', ['0']],
  ['CLAUDE_MAX_RETRIES', ['6', '-1', 'one']],
  ['ALLOW_ANONYMOUS', ['maybe']],
  ['ROUTER_KEYS', ['nocolon', ':', 'a b', '[', '[]', '[{"id":"x"}]', 'al!ce:0123456789abcdef']],
  ['ROUTER_THRESHOLD', ['1.1', '-0.1', '0,5', 'half', 'NaN', '1e-1']],
  ['SIDE_REQUESTS_LOCAL', ['0']],
  ['CACHE_TTL_SECONDS', ['-1', '5m']],
  ['CACHE_MAX_ENTRIES', ['-1', '1e6']],
  ['CACHE_MAX_BYTES', ['16MB', '-1']],
  ['MAX_BODY_BYTES', ['10', '1MB']],
  ['EARLY_HEADERS_MS', ['0']],
  ['HEARTBEAT_MS', ['0']],
  ['LOG_FORMAT', ['pretty']],
  ['CORS_ORIGINS', ['*', 'app.example', 'https://app.example/', 'https://app.example/x', 'null']],
  [
    'ANTHROPIC_BASE_URL',
    ['claude', 'http://claude.example', 'ftp://claude.example', 'https://u:p@claude.example'],
  ],
]
for (const [name, values] of MALFORMED)
  test(`names ${name} when it is malformed`, async () => {
    for (const value of values) {
      const found = await problems({ [name]: value })
      expect(found, value).not.toHaveLength(0)
      for (const problem of found) expect(problem, value).toMatch(new RegExp(`^${name}\\b`))
    }
  })

test('lists every problem of the settings that are well formed', async () => {
  const found = await problems({ ROUTER_KEYS: '', LLM_STRATEGY: 'local_only', CORS_ORIGINS: '*' })
  expect(found).toHaveLength(3)
})

test('lists every malformed value at once', async () => {
  expect(await problems({ LLM_STRATEGY: 'x', LOG_FORMAT: 'y', CACHE_TTL_SECONDS: 'z' })).toHaveLength(3)
})

test('takes http only for this machine', async () => {
  for (const url of ['http://localhost:8080', 'http://127.0.0.1', 'http://127.9.9.9:1', 'http://[::1]:8080'])
    expect(await problems({ LOCAL_LLM_ENABLED: 'true', LOCAL_LLM_URL: url }), url).toEqual([])
  for (const url of [
    'http://box.example',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://10.0.0.1',
    'ws://127.0.0.1',
  ])
    expect(
      await problems({ LOCAL_LLM_ENABLED: 'true', LOCAL_LLM_URL: url, LOCAL_LLM_SECRET: LOCAL_SECRET }),
      url,
    ).toEqual([expect.stringMatching(/^LOCAL_LLM_URL must begin with https/)])
})

test('takes origins of pages and of applications', async () => {
  const origins = [
    'https://app.example',
    'http://localhost:3000',
    'http://[::1]:8080',
    'capacitor://localhost',
  ]
  expect((await read({ CORS_ORIGINS: origins.join(', ') })).corsOrigins).toEqual(origins)
})

test('takes several addresses and drops their trailing slashes', async () => {
  const { local } = await read({
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_SECRET: LOCAL_SECRET,
    LOCAL_LLM_URL: ' https://one.example/ , http://localhost:8081//,',
  })
  expect(local?.urls).toEqual(['https://one.example', 'http://localhost:8081'])
  expect(
    await problems({
      LOCAL_LLM_ENABLED: 'true',
      LOCAL_LLM_SECRET: LOCAL_SECRET,
      LOCAL_LLM_URL: 'https://one.example,two.example',
    }),
  ).toEqual([expect.stringMatching(/^LOCAL_LLM_URL is not an address/)])
})

test('ignores the address of a local model that is switched off', async () => {
  expect((await read({ LOCAL_LLM_URL: 'nonsense' })).local).toBeUndefined()
})

test('reads thresholds as scores from 0 to 1 or as shares of complex requests in percent', async () => {
  for (const [text, value] of [
    ['0', { score: 0 }],
    ['1', { score: 1 }],
    ['0.35', { score: 0.35 }],
    ['.5', { score: 0.5 }],
    ['1.0', { score: 1 }],
    ['recall:97', { recall: 97 }],
    ['recall:99.5', { recall: 99.5 }],
    ['recall:100', { recall: 100 }],
  ] as const)
    expect((await read({ ROUTER_THRESHOLD: text, STRONG_THRESHOLD: text })).thresholds).toEqual({
      complex: value,
      strong: value,
    })
})

test('reads where a second look is taken, at an address or by a binding', async () => {
  expect((await read({})).secondLook).toBeUndefined()
  const key = { SECOND_LOOK_KEY: 'k', SECOND_LOOK_MODEL: 'm' }
  expect((await read({ SECOND_LOOK_URL: 'https://d.example/v1/', ...key })).secondLook).toEqual({
    via: 'http',
    url: 'https://d.example',
    key: 'k',
    model: 'm',
    timeoutMs: 400,
  })
  const binding = { SECOND_LOOK_URL: 'workers-ai:@cf/cloudflare/clef-flash', SECOND_LOOK_MS: '300' }
  const configured = await read({ ...binding, AI: { run: async () => ({}) } })
  expect(configured.secondLook).toEqual({
    via: 'workers_ai',
    model: '@cf/cloudflare/clef-flash',
    timeoutMs: 300,
  })
  expect(await problems(binding)).toEqual([
    'SECOND_LOOK_URL=workers-ai:… needs a Worker with the binding AI (wrangler.toml: [ai] binding = "AI")',
  ])
  for (const [settings, problem] of [
    [{ SECOND_LOOK_URL: 'http://d.example' }, 'SECOND_LOOK_URL must begin with https://'],
    [{ SECOND_LOOK_URL: 'workers-ai:', AI: {} }, 'SECOND_LOOK_URL names no model'],
    [{ ...binding, ...key, AI: {} }, 'remove SECOND_LOOK_KEY and SECOND_LOOK_MODEL'],
    [key, 'SECOND_LOOK_URL is not set'],
  ] as const)
    expect((await problems(settings)).join()).toContain(problem)
})

test('reads the tasks of the local model', async () => {
  const { local } = await read({ ...LOCAL, LOCAL_TASKS: ' summarization, simple_chat' })
  expect(local?.tasks).toEqual(['simple_chat', 'summarization'])
})

test('never quotes a value, secret or not', async () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9:"[{-]{12,40}$/).map((text) => `CANARY${text}`)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...SETTING_NAMES), secret, async (name, value) => {
      for (const problem of await problems({ ...LOCAL, [name]: value })) expect(problem).not.toContain(value)
    }),
  )
})

test('keeps only digests of the keys that let clients in', async () => {
  const config = await read({ ADMIN_KEY })
  expect(JSON.stringify([config.keys, config.adminKeys])).not.toMatch(/canary/)
  expect(config.adminKeys[0]?.tenant.admin).toBe(true)
})

test('takes the admin key as its digest, and never the digest for the key', async () => {
  const digest = createHash('sha256').update(ADMIN_KEY).digest('hex')
  const { adminKeys } = await read({ ADMIN_KEY: `sha256:${digest.toUpperCase()}` })
  expect(await findTenant(adminKeys, ADMIN_KEY)).toMatchObject({ id: 'admin', admin: true })
  expect(await findTenant(adminKeys, `sha256:${digest.toUpperCase()}`)).toBeUndefined()
  expect(await problems({ ADMIN_KEY: `sha256:${digest.slice(1)}` })).toEqual([
    'ADMIN_KEY begins with sha256: but is not sha256: followed by 64 hexadecimal digits',
  ])
})

test.each(['ANTHROPIC_API_KEY', 'LOCAL_LLM_SECRET', 'ADMIN_KEY'])(
  'refuses %s with characters that no header can carry, and never quotes it',
  async (name) => {
    for (const odd of ['\u200b', '\n', 'é']) {
      const found = await problems({ [name]: `0123456789${odd}abcdefgh` })
      expect(found).toEqual([
        expect.stringMatching(`^${name} holds a line break or a character outside ASCII`),
      ])
      expect(found.join()).not.toContain('0123456789')
    }
  },
)

test('names a setting that is a list or a table of wrangler.toml', async () => {
  expect(await problems({ CORS_ORIGINS: ['https://a.example'], LLM_STRATEGY: { x: 1 } })).toEqual([
    expect.stringMatching(/^(CORS_ORIGINS|LLM_STRATEGY) must be one text/),
    expect.stringMatching(/^(CORS_ORIGINS|LLM_STRATEGY) must be one text/),
  ])
})

test('takes no notice of a byte order mark in front of a value', async () => {
  expect((await read({ LLM_STRATEGY: '\ufeffclaude_only' })).strategy).toBe('claude_only')
})
