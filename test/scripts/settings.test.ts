import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { SETTING_NAMES } from '../../edge/config.ts'
import { formatEnvFile } from '../../scripts/settings/dotenv.ts'
import { applyChangedFile, createSettingsFile, withoutEmpty } from '../../scripts/settings/environment.ts'
import { readStackSettings } from '../../scripts/stack/stack-settings.ts'
import {
  readableEdgeLine,
  wranglerArguments,
  wranglerEnvironment,
  writeEdgeSettings,
} from '../../scripts/stack/wrangler-dev.ts'

const HYBRID = { LLM_STRATEGY: 'hybrid', LOCAL_LLM_ENABLED: 'true' }

test('writes .env on the first start only and loads it without touching what is set', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, '.env.example'), 'TEST_FROM_EXAMPLE=example\nPATH=/nowhere\n')
  onTestFinished(() => {
    delete process.env.TEST_FROM_EXAMPLE
  })
  expect(createSettingsFile(folder)).toBe(true)
  expect(process.env.TEST_FROM_EXAMPLE).toBe('example')
  expect(process.env.PATH).not.toBe('/nowhere')
  expect(createSettingsFile(folder)).toBe(false)
})

test('never overwrites a .env, and loads what another start has written meanwhile', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, '.env.example'), 'TEST_OF_RACE=example\n')
  writeFileSync(join(folder, '.env'), '\ufeffTEST_OF_RACE=mine\n')
  onTestFinished(() => {
    delete process.env.TEST_OF_RACE
  })
  expect(createSettingsFile(folder)).toBe(false)
  expect(process.env.TEST_OF_RACE).toBe('mine')
})

test('says what is wrong with a .env that is a link to nowhere', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, '.env.example'), 'A=1\n')
  symlinkSync(join(folder, 'gone'), join(folder, '.env'))
  expect(() => createSettingsFile(folder)).toThrow(/is a link to a file that is not there/)
})

test('an empty value counts as unset', () => {
  expect(withoutEmpty({ A: '', B: '  ', C: undefined, D: '0' })).toEqual({ D: '0' })
})

test('a changed .env changes what came from it and nothing else', () => {
  const before = { FROM_FILE: 'old', REMOVED: 'x', OUTSIDE: 'mine' }
  const after = applyChangedFile(
    before,
    'FROM_FILE=old\nREMOVED=x\nOUTSIDE=theirs\n',
    'FROM_FILE=new\nOUTSIDE=other\nADDED=1\n',
  )
  expect(after).toEqual({ FROM_FILE: 'new', OUTSIDE: 'mine', ADDED: '1' })
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

test('an env-file holds quotes, dollars, backslashes and line breaks', () => {
  expect(formatEnvFile({ A: '{"a":"b"}', B: "it's $5", C: 'a\\nb' })).toBe(
    "A='{\"a\":\"b\"}'\nB=`it's \\$5`\nC='a\\nb'\n",
  )
})

test('an env-file never quotes a value with a mark that it contains, or says which setting to change', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      let line: string
      try {
        line = formatEnvFile({ NAME: value })
      } catch (error) {
        return error instanceof Error && error.message.startsWith('NAME ') && value.length > 2
      }
      const mark = line.charAt('NAME='.length)
      return !value.includes(mark) && line.endsWith(`${mark}\n`)
    }),
  )
})

test('the settings of the edge are in a file that only the user can read, and not on the command line', () => {
  const folder = temporaryFolder()
  const file = writeEdgeSettings(folder, { ANTHROPIC_API_KEY: 'sk-ant-secret' })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).toContain('sk-ant-secret')
  const visible = wranglerArguments(folder, 8787, file).join(' ')
  expect(visible).not.toContain('sk-ant')
  expect(visible).toContain('--ip=127.0.0.1')
  expect(
    wranglerEnvironment({ ANTHROPIC_API_KEY: 'sk-ant-secret', HOME: '/home' }, SETTING_NAMES),
  ).not.toHaveProperty('ANTHROPIC_API_KEY')
})

test('settings that a killed start left behind are removed by the next one', () => {
  const folder = temporaryFolder()
  const file = writeEdgeSettings(folder, {})
  const abandoned = file.replace(String(process.pid), String(2 ** 30))
  writeFileSync(abandoned, 'ANTHROPIC_API_KEY=x')
  writeEdgeSettings(folder, {})
  expect(() => statSync(abandoned)).toThrow('ENOENT')
  expect(statSync(file).isFile()).toBe(true)
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
