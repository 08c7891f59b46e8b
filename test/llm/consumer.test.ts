/** A strict TypeScript project of somebody else's that uses the library, as docs/library.md says to set it up. */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PROGRAM = `import { createRouter, getRouter, type Reply, type RouterStatus } from 'ulfberht-router/llm'

const reply: Reply = await getRouter().generate([{ role: 'user', content: 'Hello!' }], { maxTokens: 9 })
const status: RouterStatus = await createRouter({ env: { LLM_STRATEGY: 'hybrid' } }).getStatus()
console.log(reply.content, status.local.available)
`

test('type-checks in a strict project with nodenext', async () => {
  const page = readFileSync(join(ROOT, 'docs/library.md'), 'utf8')
  const options = /^```json\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? ''
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/ulfberht-router'))
  symlinkSync(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'tsconfig.json'), options)
  writeFileSync(join(folder, 'app.ts'), PROGRAM)
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch(
    (error: { stdout: string }) => error,
  )
  expect(stdout).toBe('')
})
