import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SETTING_NAMES } from '../../edge/config.ts'
import { unreadNameNotes } from '../../scripts/settings/unread-names.ts'
import { ROOT } from './clone.ts'

const EXAMPLE = readFileSync(join(ROOT, '.env.example'), 'utf8')

test.each([
  ['LLM_STRATGEY', 'LLM_STRATEGY'],
  ['ANTHROPIC_KEY', 'ANTHROPIC_API_KEY'],
  ['llm_strategy', 'LLM_STRATEGY'],
  ['LOCAL_LLM_ENABLE', 'LOCAL_LLM_ENABLED'],
  ['MAX_CONCURENCY', 'MAX_CONCURRENCY'],
  ['ROUTR_PORT', 'ROUTER_PORT'],
])('asks at %s whether %s was meant', (written, meant) => {
  expect(unreadNameNotes(`${written}=x\n`, EXAMPLE)).toEqual([
    `${written} in .env is read by nobody: did you mean ${meant}?`,
  ])
})

test('guesses nothing where nothing is near', () => {
  expect(unreadNameNotes('MY_DATABASE=x\n', EXAMPLE)).toEqual(['MY_DATABASE in .env is read by nobody.'])
})

test('finds nothing in the example, in any setting of the edge, or in what tools read', () => {
  expect(unreadNameNotes(EXAMPLE.replaceAll(/^# (?=[A-Z_]+=)/gm, ''), EXAMPLE)).toEqual([])
  expect(unreadNameNotes(SETTING_NAMES.map((name) => `${name}=x`).join('\n'), EXAMPLE)).toEqual([])
  expect(unreadNameNotes('NODE_OPTIONS=\nCLOUDFLARE_API_TOKEN=x\nhttps_proxy=x\nPORT=1\n', EXAMPLE)).toEqual(
    [],
  )
})

test('shows no value', () => {
  expect(unreadNameNotes('ANTHROPIC_KEY=sk-ant-secret\n', EXAMPLE).join()).not.toContain('secret')
})
