import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SETTING_NAMES } from '../../edge/config.ts'
import { PRICES_AS_OF } from '../../edge/ledger/prices.ts'
import { type DoctorDeps, examine } from '../../scripts/doctor/examination.ts'
import { runNode } from '../../scripts/run-command.ts'
import { ROOT } from './clone.ts'

const GIB = 1024 ** 3
const HEALTHY: DoctorDeps = {
  nodeVersion: '24.21.0',
  environment: {
    LLM_STRATEGY: 'hybrid',
    LOCAL_LLM_ENABLED: 'true',
    ALLOW_ANONYMOUS: 'true',
    ANTHROPIC_API_KEY: 'sk-ant-0123456789abc',
  },
  edgeSettingNames: SETTING_NAMES,
  hasSettingsFile: true,
  dependenciesInstalled: true,
  unreadNames: [],
  portProblem: async () => undefined,
  ask: async (url) =>
    url.endsWith('/count_tokens') ? { status: 200, body: '{"input_tokens":8}' } : undefined,
  offline: false,
  cores: 4,
  readModel: () => ({ name: 'Small', memoryBytes: 300_000_000, judgeMemoryBytes: 0 }),
  freeMemoryBytes: 4 * GIB,
  freeDiskBytes: 50 * GIB,
  now: Date.parse(PRICES_AS_OF),
}

test('finds nothing where all is well', async () => {
  const findings = await examine(HEALTHY)
  expect(findings.filter(({ status }) => status !== 'ok')).toEqual([])
  expect(findings.map(({ name }) => name)).toEqual([
    'node',
    'dependencies',
    '.env',
    'settings',
    'Claude',
    'prices',
    'ports',
    'container',
    'model',
    'disk',
  ])
})

test.each<[string, Partial<DoctorDeps>, string, 'warning' | 'failed']>([
  ['an old Node', { nodeVersion: '20.20.2' }, 'node', 'failed'],
  ['missing dependencies', { dependenciesInstalled: false }, 'dependencies', 'failed'],
  [
    'a wrong value',
    { environment: { ...HEALTHY.environment, LLM_STRATEGY: 'sometimes' } },
    'settings',
    'failed',
  ],
  ['a wrong port', { environment: { ...HEALTHY.environment, ROUTER_PORT: 'x' } }, 'settings', 'failed'],
  ['no key', { environment: { ...HEALTHY.environment, ANTHROPIC_API_KEY: '' } }, 'Claude', 'warning'],
  ['a wrong key', { ask: async () => ({ status: 401, body: '{}' }) }, 'Claude', 'failed'],
  ['old prices', { now: Date.parse(PRICES_AS_OF) + 91 * 86_400_000 }, 'prices', 'warning'],
  [
    'a model without a price',
    { environment: { ...HEALTHY.environment, CLAUDE_MODEL: 'claude-future-9' } },
    'prices',
    'warning',
  ],
  ['no network', { ask: async () => undefined }, 'Claude', 'failed'],
  ['a name that nobody reads', { unreadNames: ['X in .env is read by nobody.'] }, '.env', 'warning'],
  [
    'a taken port',
    { portProblem: async () => ({ cause: 'Port 8787 is taken.', fix: 'ROUTER_PORT=8788 npm start' }) },
    'ports',
    'failed',
  ],
  ['too little memory', { freeMemoryBytes: 50_000_000 }, 'model', 'failed'],
  [
    'too little memory for a judge',
    {
      readModel: () => ({ name: 'Small', memoryBytes: 300_000_000, judgeMemoryBytes: 1e15 }),
    },
    'model',
    'warning',
  ],
  [
    'a model still to download',
    {
      readModel: () => {
        throw new Error('The model is not on disk.')
      },
    },
    'model',
    'warning',
  ],
  ['a wrong size', { environment: { ...HEALTHY.environment, MAX_QUEUE: 'many' } }, 'model', 'failed'],
  ['a full disk', { freeDiskBytes: 1_000_000 }, 'disk', 'warning'],
  [
    'a local server that does not answer',
    {
      environment: {
        ...HEALTHY.environment,
        LOCAL_LLM_PROTOCOL: 'openai',
        LOCAL_LLM_URL: 'http://127.0.0.1:9/v1',
      },
    },
    'local server',
    'failed',
  ],
])('finds %s and says what to do', async (_fault, change, name, status) => {
  const findings = await examine({ ...HEALTHY, ...change })
  const found = findings.find((finding) => finding.name === name && finding.status !== 'ok')
  expect(found?.status).toBe(status)
  expect(found?.fix).toMatch(/\w/)
})

test('speaks of no container and no model where another server has its place', async () => {
  const environment = { ...HEALTHY.environment, LOCAL_LLM_URL: 'http://127.0.0.1:9' }
  const findings = await examine({ ...HEALTHY, environment })
  expect(findings).toContainEqual({
    name: 'container',
    status: 'ok',
    detail: 'not started: LOCAL_LLM_URL names another server',
  })
  expect(findings.map(({ name }) => name)).not.toContain('model')
})

test('knows that the router runs, and then asks its container', async () => {
  const pages: Record<string, string> = {
    'http://127.0.0.1:8787/healthz': '{"status":"ok"}',
    'http://127.0.0.1:8080/readyz': '{"model":"Small"}',
  }
  const ask: DoctorDeps['ask'] = async (url) => {
    const body = pages[url]
    return body === undefined ? { status: 404, body: '' } : { status: 200, body }
  }
  const findings = await examine({ ...HEALTHY, ask })
  expect(findings).toContainEqual({ name: 'ports', status: 'ok', detail: 'the router runs on 8787' })
  expect(findings).toContainEqual({ name: 'container', status: 'ok', detail: 'ready with Small' })
})

test.each([
  [['--help'], 0, /^Usage: npm run doctor/],
  [['--jsno'], 2, /Usage: npm run doctor/],
])('%j explains itself and examines nothing', async (args, code, text) => {
  const { code: actual, output } = await runNode([join(ROOT, 'scripts/doctor.ts'), ...args], { show: false })
  expect(actual).toBe(code)
  expect(output).toMatch(text)
  expect(output).not.toMatch(/disk: /)
})

test('never shows a secret', async () => {
  const environment = {
    ...HEALTHY.environment,
    ROUTER_KEYS: 'a:short-secret',
    ANTHROPIC_API_KEY: 'wrong-secret',
  }
  expect(JSON.stringify(await examine({ ...HEALTHY, environment }))).not.toMatch(/short-secret|wrong-secret/)
})
