import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadTokenizer } from '../../../../inference/engine/transformers/tokenizer.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

test('a chat template in a file of its own is the one that is used', async () => {
  const folder = temporaryFolder()
  cpSync(join(import.meta.dirname, '../../../fixtures/models/tiny-llama'), folder, { recursive: true })
  expect((await loadTokenizer(folder)).chat_template).toContain('im_start')
  writeFileSync(join(folder, 'chat_template.jinja'), '[{{ messages[0].content }}]')
  const tokenizer = await loadTokenizer(folder)
  expect(tokenizer.apply_chat_template([{ role: 'user', content: 'Hi' }], { tokenize: false })).toBe('[Hi]')
})
