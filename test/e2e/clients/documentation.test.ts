/**
 * Runs every snippet of docs/clients.md as a reader would, and opens /docs in a browser: neither can rot.
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseEnv } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../../edge/config.ts'
import { BROWSER, visit } from '../../clients/browser.ts'
import { ROOT } from '../../support/stack.ts'
import { CLAUDE_CODE_PACKAGE, claudeCodeFolder } from './claude-code-program.ts'
import { type ClientStack, ROUTER_KEY, startClientStack } from './client-stack.ts'
import { fillIn, readSnippets } from './snippets.ts'

const SNIPPETS = readSnippets(readFileSync(join(ROOT, 'docs/clients.md'), 'utf8'))
const ofLanguage = (language: string) => SNIPPETS.filter((snippet) => snippet.language === language)
const browserTest = test.skipIf(BROWSER === undefined)
const inBrowser = (what: string) => (BROWSER === undefined ? `${what} (skipped: no Chromium here)` : what)

let stack: ClientStack
let page: Server
let folder: string
let home: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'router-snippets-'))
  // Beside the packages that the snippets import.
  folder = join(ROOT, 'test/clients/.cache')
  mkdirSync(folder, { recursive: true })
  folder = mkdtempSync(join(folder, 'snippets-'))
  page = createServer((request, response) => {
    if (request.url !== '/') return void response.writeHead(204).end()
    const [snippet] = ofLanguage('html')
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end(fillIn(snippet?.code ?? '', stack.url, ROUTER_KEY))
  })
  await new Promise<void>((settle) => page.listen(0, '127.0.0.1', settle))
  stack = await startClientStack(() => undefined, { CORS_ORIGINS: originOf(page) })
})
afterAll(async () => {
  await stack?.stop()
  await new Promise((settle) => page.close(settle))
  for (const each of [folder, home]) rmSync(each, { recursive: true, force: true })
})

test('the page shows every kind of client', () => {
  const counts = ['ts', 'sh', 'html', 'ini'].map((language) => ofLanguage(language).length)
  expect(counts).toEqual([11, 3, 1, 1])
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(SNIPPETS.length)
})

test.each(ofLanguage('ts'))('$name prints an answer', async ({ name, code }) => {
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.ts`)
  writeFileSync(file, fillIn(code, stack.url, ROUTER_KEY))
  await expectAnswer(process.execPath, [file])
})

for (const { name, code } of ofLanguage('sh')) {
  const lacking = missingProgram(code)
  const what = `${name} prints an answer${lacking === undefined ? '' : ` (skipped: no ${lacking} here)`}`
  test.skipIf(lacking !== undefined)(what, async () => {
    await expectAnswer('/bin/sh', ['-ec', fillIn(code, stack.url, ROUTER_KEY)], {
      PATH: [claudeCodeFolder() ?? '', process.env.PATH ?? ''].join(delimiter),
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    })
  })
}

test.each(ofLanguage('ini'))('$name holds settings that the router takes', async ({ code }) => {
  const result = await readConfig({ ALLOW_ANONYMOUS: 'true', ...parseEnv(code) })
  expect(result).toMatchObject({ ok: true, config: { local: { protocol: 'openai', model: 'qwen3:0.6b' } } })
})

browserTest(inBrowser('the page of the browser snippet shows a local answer'), async () => {
  await visit(`${originOf(page)}/`, async ({ text, errors }) => {
    expect(errors).toEqual([])
    expect(text).toMatch(/local: \S/)
  })
})

browserTest(inBrowser('/docs renders without scripts, errors or any other host'), async () => {
  await visit(`${stack.url}/docs`, async ({ title, text, requested, errors }) => {
    expect(title).toContain('Ulfberht Router')
    for (const path of ['/v1/messages', '/v1/chat/completions', '/v1/responses', '/v1/models'])
      expect(text).toContain(path)
    expect(errors).toEqual([])
    expect(requested.filter((url) => !url.startsWith(stack.url))).toEqual([])
  })
})

function missingProgram(code: string): string | undefined {
  if (code.includes('claude -p')) return claudeCodeFolder() === undefined ? CLAUDE_CODE_PACKAGE : undefined
  return spawnSync('curl', ['--version']).error === undefined ? undefined : 'curl'
}

async function expectAnswer(file: string, args: readonly string[], environment: Record<string, string> = {}) {
  const from = stack.edge.lines.length
  const { code, output } = await runProgram(file, args, environment)
  expect(code, output).toBe(0)
  expect(output.trim()).not.toBe('')
  expect(output).not.toContain('"error"')
  await stack.edge.line(/\[Router\] Using (local model|Claude) (?!.*outcome=)/, from)
}

function runProgram(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number; output: string }> {
  const env = { PATH: process.env.PATH, HOME: home, TMPDIR: tmpdir(), ...environment }
  return new Promise((settle) => {
    const child = execFile(file, args, { env, cwd: home }, (error, stdout, stderr) => {
      settle({ code: error === null ? 0 : 1, output: error === null ? stdout : `${stdout}${stderr}` })
    })
    child.stdin?.end()
  })
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
