/** `npm run simulate:prompt-cache -- LOG.jsonl`, as a person calls it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runNode } from '../../scripts/run-command.ts'
import { receiptRecord } from '../support/edge/receipt-records.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const simulate = (...args: readonly string[]) =>
  runNode(['scripts/run.mjs', 'scripts/simulate-prompt-cache.ts', ...args], { show: false })

const START = Date.UTC(2026, 10, 27)
const receipt = (at: number) =>
  receiptRecord(START + at, {
    route: 'claude',
    model: 'claude-sonnet-5-5',
    tokens: { input: 2_000, output: 5, cacheWrite: 0, cacheRead: 0, reasoning: null },
    promptCache: {
      decision: 'first_sight',
      marked: [],
      prompt: { instructions: 'one', instructionsTokens: 1_900, before: null, after: `after ${at}` },
    },
  })

async function logOf(...rows: readonly unknown[]): Promise<string> {
  const path = join(temporaryFolder(), 'log.jsonl')
  await writeFile(
    path,
    rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join(''),
  )
  return path
}

test('receipts of one’s own become one row, and what was left out is told', async () => {
  const minutes = [0, 1, 2, 3, 4].map((minute) => receipt(minute * 60_000))
  const { code, output } = await simulate(await logOf(...minutes, { ...receipt(0), route: 'local' }))
  expect(code).toBe(0)
  expect(output).toMatch(/log\.jsonl \| 5 \| [\d.]+ % /)
  expect(output).toContain('1 left out: not answered by Claude')
})

test('a log without a receipt that tells enough is no table of zeros but a sentence', async () => {
  const { code, output } = await simulate(
    await logOf({ ...receipt(0), promptCache: { decision: 'off', marked: [], prompt: null } }),
  )
  expect(code).toBe(1)
  expect(output).toContain('1 left out: PROMPT_CACHE was off')
  expect(output).toContain('holds no receipt that can be simulated')
})

test('a file that is not there, and a line that is no receipt, are named', async () => {
  const missing = await simulate('no-such-log.jsonl')
  expect(missing.code).toBe(1)
  expect(missing.output).toMatch(/^There is no file no-such-log\.jsonl\.\n\nUsage:/)
  const broken = await simulate(await logOf(receipt(0), '{"half":'))
  expect(broken.code).toBe(1)
  expect(broken.output).toContain('line 2: is no receipt')
})

test('says how it is called, on request and where it is not understood', async () => {
  expect((await simulate('--help')).code).toBe(0)
  expect((await simulate('--nothing')).code).toBe(2)
})
