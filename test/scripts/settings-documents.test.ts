/** `.env.example` and docs/settings.md say what the code reads, and `.env` names nothing else. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { SETTING_NAMES } from '../../edge/config.ts'
import { documentedSettings, renderExample, renderTable } from '../../scripts/settings/settings-documents.ts'
import { unreadNameNotes } from '../../scripts/settings/unread-names.ts'
import { ROOT } from './clone.ts'

const settings = documentedSettings()
const committed = (file: string) => readFileSync(join(ROOT, file), 'utf8')

test('the committed documents are those that the definitions give: npm run format writes them', () => {
  expect(committed('.env.example')).toBe(renderExample(settings))
  expect(committed('docs/settings.md')).toBe(renderTable(settings))
})

test('every setting of the edge is documented, each once and with words', () => {
  const names = settings.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const name of SETTING_NAMES) expect(names).toContain(name)
  for (const { text } of settings) expect(text.length).toBeGreaterThan(10)
})

test('the example starts a hybrid router that anybody on this machine may use', () => {
  expect(parseEnv(committed('.env.example'))).toMatchObject({
    LLM_STRATEGY: 'hybrid',
    LOCAL_LLM_ENABLED: 'true',
    ALLOW_ANONYMOUS: 'true',
    ANTHROPIC_API_KEY: '',
    ROUTER_PORT: '8787',
    INFERENCE_PORT: '8080',
  })
})

test('a name in .env that nobody reads is said, without its value', () => {
  expect(unreadNameNotes('LLM_STRATGEY=sk-secret\n')).toEqual([
    'LLM_STRATGEY in .env is read by nobody: docs/settings.md lists the settings that there are',
  ])
  const everything = settings.map(({ name }) => `${name}=x`).join('\n')
  expect(unreadNameNotes(everything)).toEqual([])
  expect(unreadNameNotes('NODE_OPTIONS=\nCLOUDFLARE_API_TOKEN=x\nhttps_proxy=x\nLOG_LEVEL=silent\n')).toEqual(
    [],
  )
})
