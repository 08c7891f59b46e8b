/** Every snippet of docs/library.md, run as a program outside the repository that has it installed. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claudeMessage, framesOf } from '../support/edge/messages.ts'
import { TINY_MODEL } from './support.ts'

const root = resolve(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/library.md'), 'utf8')
const snippets = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '')
const folder = mkdtempSync(join(tmpdir(), 'library-docs-'))
let claude: Server

beforeAll(async () => {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/ulfberht-router'))
  claude = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    const { stream }: { stream?: boolean } = JSON.parse(body)
    response.setHeader('content-type', stream ? 'text/event-stream' : 'application/json')
    response.end(stream ? framesOf(claudeMessage()).join('') : JSON.stringify(claudeMessage()))
  })
  await new Promise<void>((done) => claude.listen(0, '127.0.0.1', done))
})

afterAll(async () => {
  rmSync(folder, { recursive: true })
  await new Promise((done) => claude.close(done))
})

const outputs = [
  /canary\n\S+ in \d+ ms \(.+\)/,
  /^\[LocalLLM\] Model initialized[\s\S]*local \S/,
  /claude-haiku-5-5: 7 tokens, \$0\.0000/,
  /^It goes to Claude .*\(claude_only\)[\s\S]*the word "\w+" in the last message: -?\d\S+, (?:complex|simple)\n[\s\S]*\nWith/,
  /Claude available: true\nLocal available: true idle\nCurrent strategy: claude_only/,
  /claude-haiku-5-5 tiny-llama\nModel: tiny-llama Size: 1 MB Capabilities: streaming/,
  /^cancelled 499/,
  /^3/,
]

test('has an expectation of each snippet', () => {
  expect(snippets).toHaveLength(outputs.length)
})

test('the first snippet answers with the settings above it, without a key', async () => {
  const [, assignments = '', name = ''] = /^((?:[A-Z_]+=\S+ )+)node (\S+)$/m.exec(page) ?? []
  const file = join(folder, name)
  writeFileSync(file, snippets[0] ?? '')
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    env: {
      PATH: process.env.PATH,
      ...parseEnv(assignments.replaceAll(' ', '\n')),
      LOCAL_MODEL_NAME: TINY_MODEL,
      JUDGE_MODEL: 'off',
    },
  })
  expect(stdout).toMatch(/tiny-llama in \d+ ms \(hybrid: simple task\)/)
})

test.each(outputs.map((output, index) => [index + 1, output] as const))(
  'runs snippet %i',
  async (number, output) => {
    const file = join(folder, `snippet-${number}.mts`)
    writeFileSync(file, snippets[number - 1] ?? '')
    const address = claude.address()
    const { stdout } = await promisify(execFile)(process.execPath, [file], {
      env: {
        PATH: process.env.PATH,
        LOCAL_LLM_ENABLED: 'true',
        LOCAL_MODEL_NAME: TINY_MODEL,
        JUDGE_MODEL: 'off',
        ANTHROPIC_API_KEY: 'sk-ant-docs',
        ANTHROPIC_BASE_URL: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
      },
    })
    expect(stdout).toMatch(output)
  },
)
