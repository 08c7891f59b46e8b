/** `npm run replay`: what another setting would change, on requests of one's own. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'

const SCRIPT = join(import.meta.dirname, '../../scripts/replay.ts')
const SIMPLE = 'Hello! How are you today?'
const COMPLEX = 'Write a thread-safe LRU cache in Rust with O(1) get and put, and prove that it is correct.'

function replay(lines: readonly unknown[], args: readonly string[] = [], rules?: readonly object[]) {
  const folder = temporaryFolder()
  const log = join(folder, 'log.jsonl')
  const rulesFile = join(folder, 'rules.json')
  writeFileSync(log, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'))
  writeFileSync(rulesFile, JSON.stringify(rules ?? []))
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [SCRIPT, log, ...args, ...(rules === undefined ? [] : ['--rules', rulesFile])],
    { encoding: 'utf8', env: { PATH: process.env.PATH, LLM_STRATEGY: 'hybrid' } },
  )
  return { status, stdout, stderr }
}

const body = (content: string) => ({ model: 'auto', max_tokens: 100, messages: [{ role: 'user', content }] })

test('says which requests move, from where to where and why, and what both cost', () => {
  const usage = { input_tokens: 1_000, output_tokens: 1_000 }
  const lines = [
    { id: 'hello', request: body(SIMPLE), usage },
    { id: 'rust', request: body(COMPLEX), usage, tenant: 'batch' },
  ]
  const rules = [{ name: 'batch', when: { tenant: 'batch' }, use: { tier: 'cheap' } }]
  const { status, stdout } = replay(lines, ['--json'], rules)
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toEqual({
    requests: 2,
    estimated: 0,
    before: { usd: 0.012, unpriced: 0 },
    after: { usd: expect.closeTo(0.0006), unpriced: 0 },
    flows: [{ from: 'claude-sonnet-5-5', to: 'claude-haiku-5-5', task: 'code_generation', requests: 1 }],
    moved: [
      {
        id: 'rust',
        from: 'claude-sonnet-5-5',
        to: 'claude-haiku-5-5',
        task: 'code_generation',
        score: expect.any(Number),
        reasonBefore: 'hybrid: complex task',
        reasonAfter: 'hybrid: complex task, rule: batch',
      },
    ],
    badLines: 0,
  })
})

test('reads bare requests, estimates their tokens and says so', () => {
  const { status, stdout } = replay(
    [body(SIMPLE), { messages: body(COMPLEX).messages }],
    ['--threshold', '0'],
  )
  expect(status).toBe(0)
  expect(stdout).toMatch(/^2 requests: 1 stay, 1 moves\n {7}1 {2}local → claude-haiku-5-5/)
  expect(stdout).toContain('Tokens of 2 requests are estimates')
  expect(stdout).toMatch(
    /Moved:\n {2}1: local → claude-haiku-5-5, .*, score 0\.\d\d \(hybrid: simple task → hybrid: complex task\)\n$/,
  )
})

test('takes another strategy, and the headers and the time of a line', () => {
  const lines = [
    { id: 1, request: body(SIMPLE), headers: { 'X-Router-Force': 'local' }, at: '2026-11-26T23:00:00Z' },
    { id: 2, request: body(SIMPLE), at: Date.UTC(2026, 10, 26, 12) },
    { id: 3, request: body(SIMPLE), at: '2026-11-26T23:00:00Z' },
  ]
  const night = [{ when: { between: '22:00-06:00' }, use: { route: 'claude' } }]
  const moved = JSON.parse(replay(lines, ['--json'], night).stdout).moved
  expect(moved.map(({ id }: { id: number }) => id)).toEqual([3])
  expect(replay(lines, ['--strategy', 'claude_only']).stdout).toMatch(/^3 requests: 1 stay, 2 move\n/)
})

test('counts requests for models without a known price apart', () => {
  const request = { ...body(COMPLEX), model: 'claude-unheard-of' }
  const { stdout } = replay([{ id: 1, request }], ['--strategy', 'local_fallback'])
  expect(stdout).toContain('1 request before would be for a model whose price is not known, and not counted.')
  expect(stdout).toContain('claude-unheard-of → local')
})

test('names bad lines by their number and goes on with the others', () => {
  const lines = [
    '{"id": 1',
    { id: 2, request: {} },
    { id: 3 },
    { id: 4, request: body(SIMPLE), at: 'yesterday' },
    { id: 5, request: body(SIMPLE), headers: { 'x-router-force': 'up' } },
    { id: 6, request: body(SIMPLE), usage: 7 },
    body(SIMPLE),
  ]
  const { status, stdout, stderr } = replay(lines)
  expect(status).toBe(1)
  expect(stdout).toMatch(/^1 request: 1 stay, 0 move\n/)
  expect(stderr.trim().split('\n')).toEqual([
    'line 1: is not JSON',
    'line 2: messages: must be an array of messages',
    'line 3: request: must be a Messages request',
    'line 4: at: must be a time such as "2026-11-26T22:30:00Z", or milliseconds since 1970',
    'line 5: x-router-force must be "local" or "claude".',
    'line 6: usage: must be an object of token counts',
  ])
})

test('says what is wrong with settings and arguments', () => {
  const wrong = replay([body(SIMPLE)], [], [{ when: { tenat: 'x' }, use: { tier: 'cheap' } }])
  expect(wrong.status).toBe(2)
  expect(wrong.stderr).toContain('ROUTER_RULES rule 1: when has no "tenat"; possible are tenant, user,')
  expect(replay([body(SIMPLE)], ['--threshold', 'high']).stderr).toContain('ROUTER_THRESHOLD must be')
  expect(replay([body(SIMPLE)], ['--fast']).stderr).toContain('Usage: npm run -s replay')
})
