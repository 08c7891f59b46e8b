/**
 * What the three tiers cost against how many complex requests they keep from a lesser model, over the thresholds.
 *
 *   npm run bench:tiers [-- --json]
 *   npm run bench:tiers -- --rows FILE_OR_FOLDER … [--json]
 *
 * Rows are those of `training/labelled-requests.ts`, scored by the shipped weights; without --rows, those of training/requests,
 * each scored by what was learned from the others. Every simple task counts as trusted to the local model unless LOCAL_TASKS
 * says otherwise (`auto`: the card of the shipped model, or of LOCAL_MODEL_NAME). CLAUDE_MODEL and CLAUDE_SIMPLE_MODEL count.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { TYPICAL_OUTPUT_TOKENS } from '../edge/ledger/typical-output.ts'
import { readLabelledRequests } from '../training/labelled-requests.ts'
import { complexityOutOfFold } from '../training/router-data.ts'
import { claudeModelsOf, placeRows, priceRows } from './tiers/priced-rows.ts'
import { measureTierCosts } from './tiers/tier-costs.ts'
import { describeTierCosts } from './tiers/tier-report.ts'

const OWN_ROWS = join(import.meta.dirname, '../training/requests')
/** Factors on the assumed tokens of answers; the first is what the tables show. */
const OUTPUT_SCALES = [1, 0.5, 2]

const { values } = parseArgs({
  options: {
    rows: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
  },
})

try {
  const rows = readLabelledRequests(values.rows ?? [OWN_ROWS], 'keep')
  const scores = values.rows === undefined ? complexityOutOfFold(rows) : undefined
  const models = claudeModelsOf(process.env)
  const placed = await placeRows(rows, scores, process.env)
  const byOutputScale = OUTPUT_SCALES.map((outputScale) => ({
    outputScale,
    costs: measureTierCosts(priceRows(placed, models, outputScale)),
  }))
  console.log(
    values.json
      ? JSON.stringify({ models, outputTokens: TYPICAL_OUTPUT_TOKENS, byOutputScale })
      : describeTierCosts(models, byOutputScale),
  )
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}
