/** The request as code: whatever a visitor wrote arrives as written. */
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAskRequest, USUAL_OPTIONS } from '../../../../edge/pages/playground/ask-options.ts'
import { createSnippets } from '../../../../edge/pages/playground/snippets.ts'

const ORIGIN = 'http://127.0.0.1:8787'
const NASTY = 'It\'s "$HOME" `id` \\n\n new line, "max_tokens": 1, `$' + '{x}` – ü 🙂 \u2028 </script>'

/** Returns the snippet of this name. */
function snippet(name: string, text: string, force?: 'local'): string {
  const request = createAskRequest(
    { ...USUAL_OPTIONS, system: text },
    [{ role: 'user', content: text }],
    force,
  )
  return createSnippets(request, ORIGIN).find((each) => each.name === name)?.text ?? ''
}

/** Returns the arguments that a shell would give to curl. */
function shellArguments(command: string): string[] {
  const script = command.replace(
    /^curl/,
    `'${process.execPath}' -e 'console.log(JSON.stringify(process.argv.slice(1)))' --`,
  )
  return JSON.parse(execFileSync('sh', ['-c', script], { encoding: 'utf8' }))
}

test('curl gets the body through any shell', () => {
  const given = shellArguments(snippet('curl', NASTY, 'local'))
  expect(given.slice(0, 2)).toEqual(['-N', `${ORIGIN}/v1/messages`])
  expect(given).toContain('x-router-force: local')
  const body = JSON.parse(given.at(-1) ?? '')
  expect(body).toMatchObject({ stream: true, system: NASTY, messages: [{ role: 'user', content: NASTY }] })
})

test('in TypeScript the request is the same value', () => {
  fc.assert(
    fc.property(fc.oneof(fc.constant(NASTY), fc.string({ unit: 'binary', minLength: 1 })), (text) => {
      const code = snippet('TypeScript', text, 'local')
      const call = code.slice(code.indexOf('.stream(') + 8, code.lastIndexOf(')\nstream.on'))
      const [body, options] = new Function(`return [${call}]`)()
      const expected = createAskRequest({ ...USUAL_OPTIONS, system: text }, [{ role: 'user', content: text }])
      const { stream: _, ...rest } = expected.body
      expect(body).toEqual(rest)
      expect(options).toEqual({ headers: { 'x-router-force': 'local' } })
    }),
    { numRuns: 30 },
  )
})

test('in Python every field is an argument, and strings are strings', () => {
  const code = snippet('Python', NASTY, 'local')
  expect(code).toContain(`    system=${JSON.stringify(NASTY)},\n`)
  expect(code).toContain('    max_tokens=512,\n')
  expect(code).toContain('    extra_headers={\n        "x-router-force": "local"\n    },\n')
  expect(code).not.toContain('stream=True')
})

test('no header is named where there is none, and never a key', () => {
  expect(snippet('TypeScript', 'Hi')).not.toContain('headers')
  expect(snippet('Python', 'Hi')).not.toContain('headers')
  expect(snippet('curl', 'Hi')).toContain("'x-api-key: YOUR_KEY'")
})
