/**
 * The settings of what may be paid for where the local model is slow or gone, each defined once. The core's, like those of
 * `core-definitions.ts`.
 */
import type { SettingTable } from '../../shared/setting.ts'
import { fallbackBudget, hedge } from './degradation-setting.ts'

const local = { section: 'Local model: how it is reached' } as const

export const DEGRADATION_DEFINITIONS = {
  HEDGE: {
    ...local,
    schema: hedge,
    text: 'Two models at once: Claude is asked as well where the local model has no word after a while, and whichever has one first answers. off; or the largest share of the last ten minutes’ requests for the local model, then if wanted the wait (default: half of LOCAL_FIRST_CONTENT_MS) and a limit of money. Both may have to be paid for. docs/fallback.md.',
    defaultText: 'off',
    sample: '5%:1500ms:2usd/day',
  },
  FALLBACK_BUDGET: {
    ...local,
    schema: fallbackBudget,
    text: 'How many requests may go to Claude because the local model failed: off (all), 30/minute, 20% (of those meant for it, in a minute; three at least) or 5usd/day, counted in each isolate. Above it :refuse (503, the default) or :cheap (CLAUDE_SIMPLE_MODEL). docs/fallback.md.',
    defaultText: 'off',
    sample: '30/minute:refuse',
  },
} as const satisfies SettingTable
