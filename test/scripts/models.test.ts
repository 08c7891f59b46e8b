import { spawn, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { encodeModelCard, modelCardPath } from '../../inference/models/model-card-file.ts'
import { setEnvValues } from '../../scripts/env-file.ts'
import { createProgress } from '../../scripts/model-console.ts'
import { uniformTrust } from '../../shared/model-card.ts'
import { serveModelHub } from '../support/model-hub.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const ROOT = join(import.meta.dirname, '../..')
const TINY = join(ROOT, 'test/fixtures/models/tiny-llama')

async function run(script: string, argv: string[], env: Record<string, string> = {}) {
  const { PATH } = process.env
  const child = spawn(process.execPath, [join(ROOT, 'scripts', script), ...argv], {
    env: { PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, out, err }
}

test('lists the catalogue with license and memory, without colour where there is no terminal', async () => {
  const { code, out } = await run('models.ts', ['list'])
  expect(code).toBe(0)
  expect(out).toMatch(/● Ulfberht-135M {2}\(on disk\)/)
  expect(out).toMatch(/● Ulfberht-135M.*(?:\n {4}.*)*\n {4}Exam: .*items/)
  expect(out).toMatch(/\n {4}Exam: .*\n {8}small_talk \d+\/\d+\*?, persona \d+\/\d+/)
  expect(out).toMatch(/Xenova\/LaMini-Flan-T5-783M\n.*CC-BY-NC/)
  expect(out).not.toContain('\u001b')
})

test('pulls, tries and removes a model, with plain progress lines', async () => {
  const hub = await serveModelHub({ 'owner/tiny': TINY })
  onTestFinished(hub.close)
  const env = { MODEL_HUB_URL: hub.url, MODEL_CACHE_DIR: temporaryFolder() }
  const pulled = await run('models.ts', ['pull', 'owner/tiny'], env)
  expect(pulled).toMatchObject({ code: 0, err: '' })
  expect(pulled.out).toMatch(/100 % {2}1 MB of 1 MB/)
  const tried = await run('models.ts', ['try', 'owner/tiny', '--prompt', 'hello'], env)
  expect(tried.code).toBe(0)
  expect(tried.out).toMatch(/> hello\n[\s\S]*tokens\/s/)
  const kinds = { spam: { items: 22, passed: 22, lowerBound: 0.85, trusted: true } }
  const card = { trust: uniformTrust('none'), languages: null, maxTemperature: null, exam: '22 of 22 items' }
  const examined = { model: 'tiny', weights: 'fp32', graphSha256: null, examined: '2026-11-28', kinds, card }
  writeFileSync(modelCardPath(join(env.MODEL_CACHE_DIR, 'owner/tiny')), encodeModelCard(examined))
  expect((await run('models.ts', ['list'], env)).out).toContain(
    'owner/tiny  (on disk, not in the catalogue)\n    trusted with no task\n    Exam: 22 of 22 items\n        spam 22/22*\n',
  )
  expect((await run('models.ts', ['remove', 'owner/tiny'], env)).code).toBe(0)
  expect(existsSync(join(env.MODEL_CACHE_DIR, 'owner/tiny'))).toBe(false)
})

test('explains itself and exits with 2 when used wrongly, with 1 when it fails', async () => {
  for (const argv of [[], ['nonsense'], ['pull'], ['list', 'x'], ['try', 'a', '--bad']]) {
    const { code, err } = await run('models.ts', argv)
    expect(code).toBe(2)
    expect(err).toContain('Usage:')
  }
  const failed = await run('models.ts', ['try', 'phi-2'])
  expect(failed.code).toBe(1)
  expect(failed.err).toContain('Phi-3-mini-4k-instruct')
  expect((await run('models.ts', ['remove', 'Ulfberht-135M'])).code).toBe(1)
})

test('setup without a terminal says what it would download and changes nothing', async () => {
  const MODEL_CACHE_DIR = join(temporaryFolder(), 'cache')
  const { code, out } = await run('setup.ts', ['--model', 'qwen2.5-0.5b'], { MODEL_CACHE_DIR })
  expect(code).toBe(2)
  expect(out).toMatch(/Would download onnx-community\/Qwen2\.5-0\.5B-Instruct \(512 MB\).*--yes/)
  expect(existsSync(MODEL_CACHE_DIR)).toBe(false)
})

test('the shell wrapper is valid POSIX shell', () => {
  expect(spawnSync('sh', ['-n', join(ROOT, 'scripts/setup-local-llm.sh')]).status).toBe(0)
})

test('draws a bar on a terminal and a line every tenth elsewhere', () => {
  for (const isTerminal of [true, false]) {
    const lines: string[] = []
    const bars: string[] = []
    const show = createProgress({
      print: (text) => lines.push(text),
      write: (text) => bars.push(text),
      isTerminal,
    })
    for (let loadedBytes = 0; loadedBytes <= 1000; loadedBytes++)
      show({ file: 'onnx/model.onnx', loadedBytes: loadedBytes * 1e6, totalBytes: 1e9 })
    expect([lines.length, bars.length]).toEqual(isTerminal ? [0, 101] : [11, 0])
  }
})

test('changes single settings of an .env file and leaves the rest as it is', () => {
  const text = '# mine\nA=1\n# B=old\n\nC=\n'
  expect(setEnvValues(text, { A: '2', B: 'x', C: 'y', D: 'a b' }, false)).toBe(
    '# mine\nA=2\nB=x\n\nC=y\nD="a b"\n',
  )
  expect(setEnvValues(text, { A: '2', B: 'x', C: 'y' }, true)).toBe('# mine\nA=1\nB=x\n\nC=y\n')
  expect(setEnvValues('', { A: '1' }, true)).toBe('A=1\n')
})
