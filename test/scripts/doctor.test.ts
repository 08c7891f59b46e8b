import { expect, test } from 'vitest'
import { SETTING_NAMES } from '../../edge/config.ts'
import { type DoctorDeps, examine } from '../../scripts/doctor/examination.ts'

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
  portProblem: async () => undefined,
  statusOf: async () => undefined,
  cores: 4,
  readModel: () => ({ name: 'Small', memoryBytes: 300_000_000 }),
  freeMemoryBytes: 4 * GIB,
  freeDiskBytes: 50 * GIB,
}

test('finds nothing where all is well', async () => {
  const findings = await examine(HEALTHY)
  expect(findings.filter(({ status }) => status !== 'ok')).toEqual([])
  expect(findings.map(({ name }) => name)).toEqual([
    'node',
    'dependencies',
    '.env',
    'settings',
    'Claude key',
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
  ['no key', { environment: { ...HEALTHY.environment, ANTHROPIC_API_KEY: '' } }, 'Claude key', 'warning'],
  [
    'a key cut short',
    { environment: { ...HEALTHY.environment, ANTHROPIC_API_KEY: 'sk' } },
    'Claude key',
    'warning',
  ],
  ['a taken port', { portProblem: async () => 'Port 8787 is taken.' }, 'ports', 'failed'],
  ['too little memory', { freeMemoryBytes: 50_000_000 }, 'model', 'failed'],
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
  ['a container that loads', { statusOf: async () => 503 }, 'container', 'failed'],
])('finds %s and says what to do', async (_fault, change, name, status) => {
  const findings = await examine({ ...HEALTHY, ...change })
  const found = findings.find((finding) => finding.name === name && finding.status !== 'ok')
  expect(found?.status).toBe(status)
  expect(found?.fix).toMatch(/\w/)
})

test('asks a container elsewhere even when nothing runs here', async () => {
  const environment = {
    ...HEALTHY.environment,
    LOCAL_LLM_URL: 'https://model.example/',
    LOCAL_LLM_SECRET: 'secret-for-both-sides',
  }
  const asked: string[] = []
  const statusOf = async (url: string) => {
    asked.push(url)
    return url === 'https://model.example/readyz' ? 200 : undefined
  }
  const findings = await examine({ ...HEALTHY, environment, statusOf })
  expect(asked).toContain('https://model.example/readyz')
  expect(findings).toContainEqual({ name: 'container', status: 'ok', detail: 'ready' })
})

test('never shows a secret', async () => {
  const environment = {
    ...HEALTHY.environment,
    ROUTER_KEYS: 'a:short-secret',
    ANTHROPIC_API_KEY: 'wrong-secret',
  }
  expect(JSON.stringify(await examine({ ...HEALTHY, environment }))).not.toMatch(/short-secret|wrong-secret/)
})
