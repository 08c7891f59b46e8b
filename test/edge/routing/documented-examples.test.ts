/** The requests that docs/routing.md shows go where it says, by the classifier and the model that ship. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DEFAULT_CLAUDE_MODEL, DEFAULT_CLAUDE_SIMPLE_MODEL } from '../../../edge/settings/core-definitions.ts'
import { createOfflinePlanner, createOfflineRequest } from '../../../scripts/offline-planner.ts'

const TIERS: Readonly<Record<string, string>> = {
  [DEFAULT_CLAUDE_MODEL]: 'strong',
  [DEFAULT_CLAUDE_SIMPLE_MODEL]: 'cheap',
}
const text = readFileSync(join(import.meta.dirname, '../../../docs/routing.md'), 'utf8')
const examples = [...text.matchAll(/^\| ([^|`]+) \| (local|cheap|strong) \| [^|]+ \|$/gm)].map(
  ([, request = '', tier = '']) => ({ request, tier }),
)

test('the requests that docs/routing.md shows go where it says', async () => {
  const plan = await createOfflinePlanner({ LLM_STRATEGY: 'hybrid' })
  const found: typeof examples = []
  for (const { request } of examples) {
    const { decision } = await plan(createOfflineRequest({ messages: [{ role: 'user', content: request }] }))
    const [target] = decision.targets
    found.push({ request, tier: target?.provider === 'local' ? 'local' : (TIERS[target?.model ?? ''] ?? '') })
  }
  expect(found).toEqual(examples)
  expect(new Set(examples.map(({ tier }) => tier))).toEqual(new Set(['local', 'cheap', 'strong']))
})
