/**
 * Decisions measured: what they cost, or how well they tell complex from simple on labelled rows.
 *
 *   npm run bench:routing [-- --json]
 *   npm run bench:routing -- --rows FILE_OR_FOLDER … [--judge] [--systemone URL] [--reliability] [--json]
 *
 * Rows are those of `training/labelled-requests.ts`. --judge: the shipped model's judge, or that of JUDGE_MODEL, reads each of
 * them; --systemone: so does a decision model, with the key SECOND_LOOK_KEY and as SECOND_LOOK_MODEL. --reliability: also how
 * many requests of each score are complex.
 */
import { parseArgs } from 'node:util'
import { readLabelledRequests } from '../training/labelled-requests.ts'
import { describeDecisionCosts, measureDecisionCosts } from './routing/decision-costs.ts'
import { describeQuality, measureQuality } from './routing/quality.ts'
import { describeReliability, measureReliability } from './routing/reliability.ts'
import { scoreRows } from './routing/scorers.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', multiple: true },
    judge: { type: 'boolean', default: false },
    systemone: { type: 'string' },
    reliability: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

try {
  if (values.rows === undefined) {
    const costs = measureDecisionCosts()
    console.log(values.json ? JSON.stringify(costs) : describeDecisionCosts(costs))
  } else {
    const rows = readLabelledRequests(values.rows, 'keep')
    const scorers = await scoreRows(rows, {
      judge: values.judge,
      systemone: values.systemone,
      environment: process.env,
    })
    const quality = measureQuality(rows, scorers)
    const reliability = values.reliability ? measureReliability(rows, scorers) : []
    console.log(
      values.json
        ? JSON.stringify({ ...quality, reliability })
        : [describeQuality(quality), describeReliability(reliability)].join('\n\n').trimEnd(),
    )
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}
