import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SETTING_NAMES } from '../../edge/config.ts'
import {
  createSettingsFile,
  readEnvironment,
  readSettingsFile,
  withoutEmpty,
  writeSettingsFile,
} from '../../scripts/settings/environment.ts'
import { readStackSettings } from '../../scripts/stack/stack-settings.ts'
import { readableEdgeLine, wranglerArguments, wranglerEnvironment } from '../../scripts/stack/wrangler-dev.ts'

const HYBRID = { LLM_STRATEGY: 'hybrid', LOCAL_LLM_ENABLED: 'true' }

test('writes .env on the first start only, complete and for its owner', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, '.env.example'), 'FROM_EXAMPLE=example\n')
  expect(createSettingsFile(folder)).toBe(true)
  expect(readSettingsFile(folder)).toBe('FROM_EXAMPLE=example\n')
  expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600)
  writeFileSync(join(folder, '.env'), 'MINE=1\n')
  expect(createSettingsFile(folder)).toBe(false)
  expect(readdirSync(folder).toSorted()).toEqual(['.env', '.env.example'])
})

test('of two first starts one writes .env, and the other reads all of it', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, '.env'), 'A=first\n')
  expect(writeSettingsFile(folder, 'A=second\n', 'if absent')).toBe(false)
  expect(readEnvironment(folder, {})).toEqual({ A: 'first' })
})

test('the process wins over .env, and .env is read anew each time', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, '.env'), 'A=file\nB=file\n')
  expect(readEnvironment(folder, { A: 'process' })).toEqual({ A: 'process', B: 'file' })
  writeFileSync(join(folder, '.env'), 'B=changed\n')
  expect(readEnvironment(folder, { A: 'process' })).toEqual({ A: 'process', B: 'changed' })
})

test('a byte order mark is no part of the first name', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, '.env'), '\uFEFFLLM_STRATEGY=hybrid\n')
  expect(readEnvironment(folder, {})).toEqual({ LLM_STRATEGY: 'hybrid' })
})

test('a .env that cannot be read or written says what to do', () => {
  const folder = temporaryFolder()
  symlinkSync(join(folder, 'nowhere'), join(folder, '.env'))
  expect(createSettingsFile(folder)).toBe(false)
  expect(() => readSettingsFile(folder)).toThrow(/\.env is a link to a file that does not exist.*rm \.env/)
  rmSync(join(folder, '.env'))
  mkdirSync(join(folder, '.env'))
  expect(() => readSettingsFile(folder)).toThrow(/\.env cannot be read \(EISDIR\)/)
  expect(() => writeSettingsFile(join(folder, 'gone'), '', 'replace')).toThrow(
    /cannot be written \(ENOENT\).*copy of the repository that you may write to/,
  )
})

test('an empty value counts as unset', () => {
  expect(withoutEmpty({ A: '', B: '  ', C: undefined, D: '0' })).toEqual({ D: '0' })
})

test('starts hybrid on the usual ports with the container that it starts itself', () => {
  const settings = readStackSettings(HYBRID, SETTING_NAMES)
  expect(settings).toMatchObject({ routerPort: 8787, inferencePort: 8080, noContainer: undefined, notes: [] })
  expect(settings.edge).toEqual({ ...HYBRID, LOCAL_LLM_URL: 'http://127.0.0.1:8080', LOG_FORMAT: 'text' })
  expect(settings.container).toMatchObject({ HOST: '127.0.0.1', PORT: '8080', LOG_FORMAT: 'text' })
})

test('the edge follows the container to another port', () => {
  const settings = readStackSettings({ ...HYBRID, INFERENCE_PORT: '9001' }, SETTING_NAMES)
  expect(settings.edge.LOCAL_LLM_URL).toBe('http://127.0.0.1:9001')
  expect(settings.container.PORT).toBe('9001')
})

test('the process that runs a model gets no key of the edge', () => {
  const secrets = { ANTHROPIC_API_KEY: 'sk', ROUTER_KEYS: 'a:b', ADMIN_KEY: 'c', LOCAL_LLM_SECRET: 'shared' }
  const { container, edge } = readStackSettings({ ...HYBRID, ...secrets }, SETTING_NAMES)
  expect(container).not.toHaveProperty('ANTHROPIC_API_KEY')
  expect(container).not.toHaveProperty('ROUTER_KEYS')
  expect(container).not.toHaveProperty('ADMIN_KEY')
  expect(container.LOCAL_LLM_SECRET).toBe('shared')
  expect(edge).toMatchObject(secrets)
})

test.each([
  [{ ...HYBRID, LOCAL_LLM_ENABLED: 'false' }, 'LOCAL_LLM_ENABLED is not true'],
  [{ ...HYBRID, LOCAL_LLM_ENABLED: '' }, 'LOCAL_LLM_ENABLED is not true'],
  [{ ...HYBRID, LLM_STRATEGY: 'claude_only' }, 'LLM_STRATEGY is claude_only'],
  [{ ...HYBRID, LOCAL_LLM_URL: 'https://model.example' }, 'LOCAL_LLM_URL names another server'],
  [{ ...HYBRID, LOCAL_LLM_URL: 'http://localhost:9000' }, 'LOCAL_LLM_URL names another server'],
  [{ ...HYBRID, LOCAL_LLM_URL: 'http://localhost:8080' }, undefined],
  [{ ...HYBRID, LOCAL_LLM_URL: 'http://127.0.0.1:9000/', INFERENCE_PORT: '9000' }, undefined],
  [{ ...HYBRID, LOCAL_LLM_URL: 'https://model.example, http://127.0.0.1:8080/v1' }, undefined],
  // A llama.cpp server listens where our container would.
  [
    { ...HYBRID, LOCAL_LLM_PROTOCOL: 'openai', LOCAL_LLM_URL: 'http://127.0.0.1:8080' },
    'LOCAL_LLM_URL names another server',
  ],
])('knows whether a container is needed: %j', (environment, reason) => {
  expect(readStackSettings(environment, SETTING_NAMES).noContainer).toBe(reason)
})

test("the other protocol is not spoken with the router's own container", () => {
  const settings = readStackSettings({ ...HYBRID, LOCAL_LLM_PROTOCOL: 'openai' }, SETTING_NAMES)
  expect(settings.edge).not.toHaveProperty('LOCAL_LLM_PROTOCOL')
  expect(settings.notes).toEqual([expect.stringContaining('LOCAL_LLM_PROTOCOL=openai is ignored')])
})

test('keys close a router that .env opens', () => {
  const settings = readStackSettings(
    { ...HYBRID, ALLOW_ANONYMOUS: 'true', ROUTER_KEYS: 'a:b' },
    SETTING_NAMES,
  )
  expect(settings.edge).not.toHaveProperty('ALLOW_ANONYMOUS')
  expect(settings.notes).toHaveLength(1)
})

test.each([
  ['ROUTER_PORT', 'eighty'],
  ['ROUTER_PORT', '0'],
  ['INFERENCE_PORT', '65536'],
  ['INFERENCE_PORT', '80.5'],
])('refuses %s=%s and names the setting', (name, value) => {
  expect(() => readStackSettings({ [name]: value }, SETTING_NAMES)).toThrow(name)
})

test('refuses one port for both', () => {
  expect(() => readStackSettings({ ROUTER_PORT: '9000', INFERENCE_PORT: '9000' }, SETTING_NAMES)).toThrow(
    'ROUTER_PORT and INFERENCE_PORT are both 9000',
  )
})

test('the settings of the edge are in its environment, and not on the command line', () => {
  const visible = wranglerArguments('/repository', 8787, '/state').join(' ')
  expect(visible).toContain('--ip=127.0.0.1')
  const inherited = { ANTHROPIC_API_KEY: 'overridden', ADMIN_KEY: 'not for it', HOME: '/home' }
  const environment = wranglerEnvironment(inherited, SETTING_NAMES, { ANTHROPIC_API_KEY: 'sk-$a`"\'' })
  expect(environment).toMatchObject({ ANTHROPIC_API_KEY: 'sk-$a`"\'', HOME: '/home' })
  expect(environment).not.toHaveProperty('ADMIN_KEY')
})

test.each([
  ['[Router] Using cache (exact) a=1', '[Router] Using cache (exact) a=1'],
  [
    '\u001b[31m✘ \u001b[41m[ERROR]\u001b[0m \u001b[1m[Router] Using Claude (x)\u001b[0m',
    '[Router] Using Claude (x)',
  ],
  ['✘ [ERROR] {"msg":"[Router] Using Claude (x)"}', '{"msg":"[Router] Using Claude (x)"}'],
  ['✘ [ERROR] Build failed with 1 error:', '✘ [ERROR] Build failed with 1 error:'],
  ['[wrangler:info] GET / 200 OK (5ms)', undefined],
  ['⎔ Starting local server...', undefined],
  ['env.LLM_STRATEGY ("(hidden)")      Environment Variable      local', undefined],
  ['', undefined],
])('shows of wrangler what a person needs: %j', (line, shown) => {
  expect(readableEdgeLine(line)).toBe(shown)
})

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'router-settings-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
