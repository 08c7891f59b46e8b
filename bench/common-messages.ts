/**
 * `npm run bench:common-messages`: what the local model answers to the fifty commonest messages, one by one, unedited, as a
 * Markdown table for docs/local-model.md.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRouter } from '../llm/router.ts'

const messages = readFileSync(join(import.meta.dirname, 'common-messages.txt'), 'utf8')
  .trim()
  .split('\n')

const router = createRouter({
  env: { ...process.env, LLM_STRATEGY: 'local_only', LOCAL_LLM_ENABLED: 'true' },
  log: false,
})
try {
  await router.local.start()
  console.log('| message | answer |\n| --- | --- |')
  for (const message of messages) {
    const { content } = await router.generate([{ role: 'user', content: message }], {
      maxTokens: 100,
      temperature: 0,
      cache: 'skip',
    })
    console.log(`| ${message} | ${content.replaceAll('|', '\\|').replaceAll('\n', '<br>')} |`)
  }
} finally {
  await router.close()
}
