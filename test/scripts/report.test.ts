/** `npm run report`: the sentence and the table, asked of a real socket. */
import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { usageSchema, usageSentence, usageTable } from '../../scripts/report/usage-report.ts'
import { runNode } from '../../scripts/run-command.ts'

const totals = {
  requests: 100,
  inputTokens: 9_000,
  outputTokens: 1_000,
  cacheWriteTokens: 0,
  cacheReadTokens: 1_000,
  costNanoUsd: 12_400_000_000,
  savedNanoUsd: 28_100_000_000,
  unpriced: 0,
  fallbacks: { timeout: 2, overloaded: 1 },
  latencyMs: { p50: 340, p95: 2_300 },
}
const answer = {
  baselineModel: 'claude-sonnet-5-5',
  containerNanoUsd: 25_000_000_000,
  totals,
  data: [
    { group: { route: 'local' }, totals: { ...totals, requests: 38, costNanoUsd: 0, fallbacks: {} } },
    { group: { route: 'claude' }, totals: { ...totals, requests: 61 } },
    {
      group: { route: null },
      totals: { ...totals, requests: 1, costNanoUsd: 0, latencyMs: { p50: null, p95: null } },
    },
  ],
}
const asked: { url: string | undefined; key: unknown }[] = []
const server = createServer((request, response) => {
  asked.push({ url: request.url, key: request.headers['x-api-key'] })
  const isKnown = request.headers['x-api-key'] === 'the-admin-key-0123'
  response
    .writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' })
    .end(JSON.stringify(isKnown ? answer : { error: { message: 'Send a key of this router.' } }))
})
let url = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function report(args: readonly string[], key: string) {
  const environment = { ...process.env, ADMIN_KEY: key, NO_COLOR: '1' }
  return runNode(['scripts/run.mjs', 'scripts/report.ts', '--url', url, ...args], {
    show: false,
    environment,
  })
}

test('says the sentence over figures of the endpoint', () => {
  const usage = usageSchema.parse(answer)
  expect(usageSentence(usage, 30).text).toBe(
    'Last 30 days: 100 requests, 38 % answered locally; Claude $12.40, container $25.00; against Sonnet alone you saved $3.10.',
  )
  expect(usageSentence(usage, 1).text).toMatch(/^Last 24 hours: /)
})

test('lays the groups out as a table, the largest first', () => {
  const lines = usageTable(usageSchema.parse(answer), 'route').split('\n')
  expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual(['route', 'claude', 'local', '–', 'all'])
  expect(lines[1]).toMatch(/61 +61 % +10,000 +1,000 +\$12\.40 +\$28\.10 +3 +340 ms +2\.3 s$/)
  expect(new Set(lines.map((line) => line.length)).size).toBe(1)
})

test('lets no name command a terminal', () => {
  const group = { user: 'eve\u001b[2J\n' }
  const table = usageTable(usageSchema.parse({ ...answer, data: [{ group, totals }] }), 'user')
  expect(table).not.toContain('\u001b')
  expect(table.split('\n')).toHaveLength(3)
})

test('asks the named edge with the admin key, for days and groups that are wanted', async () => {
  const { code, output } = await report(['--days', '7', '--by', 'task'], 'the-admin-key-0123')
  expect(output).toContain('Last 7 days: 100 requests')
  expect(code).toBe(0)
  expect(asked.map((each) => each.url)).toEqual([
    '/v1/router/usage?from=7d&groupBy=route',
    '/v1/router/usage?from=7d&groupBy=task',
  ])
  const { output: json } = await report(['--json'], 'the-admin-key-0123')
  expect(JSON.parse(json)).toMatchObject({ negative: false, usage: { totals: { requests: 100 } } })
})

test('says why there is no report', async () => {
  const wrong = await report([], 'another-key-456789')
  expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining('Send a key of this router.') })
  expect(wrong.output).not.toContain('another-key')
  expect(await report(['--days', '0'], 'x')).toMatchObject({
    code: 2,
    output: expect.stringContaining('--days must be'),
  })
})
