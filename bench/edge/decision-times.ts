/** What a decision alone costs, by the length of the request: features, verdict, guards, targets. No request is answered. */
import { composePlanning } from '../../edge/compose-planning.ts'
import { readConfig } from '../../edge/config.ts'
import { decide } from '../../edge/routing/decide.ts'
import { extractFeatures } from '../../edge/routing/features.ts'
import { readShippedClassifier } from '../../llm/shipped-classifier.ts'
import { parseMessagesRequest } from '../../shared/messages.ts'
import { bodyOf } from './workload.ts'

export type DecisionTime = { readonly bytes: number; readonly cpuMicroseconds: number }

const SIZES = [100, 500, 5_000, 50_000, 500_000, 1_000_000] as const
const WARM_UP = 300

/** Returns the processor time of a decision for requests of some lengths. */
export async function decisionTimes(times: number): Promise<readonly DecisionTime[]> {
  const result = await readConfig({
    ANTHROPIC_API_KEY: 'none-is-needed-here',
    ROUTER_KEYS: 'bench:a-key-of-the-bench',
  })
  if (!result.ok) throw new Error(result.problems.join('; '))
  const { classifier, thresholds, claude, simpleToolTurns, sideRequestsLocal } = composePlanning(
    result.config,
    readShippedClassifier(),
  )
  const circumstances = {
    strategy: 'hybrid',
    requestedModel: 'auto',
    routed: true,
    force: undefined,
    mayForce: true,
    privacyLocal: false,
    sideRequestsLocal,
    staysWithSession: false,
    localOnlyFeature: undefined,
    local: undefined,
    claude,
    thresholds,
    rule: undefined,
    judgedFrom: undefined,
    simpleToolTurns,
    session: undefined,
  } as const
  const decideOn = (bytes: number, number: number) => {
    const features = extractFeatures(parseMessagesRequest(JSON.parse(bodyOf('auto', bytes, number))))
    decide(features, classifier.classify(features), circumstances)
  }
  const readOnly = (bytes: number, number: number) => void JSON.parse(bodyOf('auto', bytes, number))
  for (let at = 0; at < WARM_UP; at += 1) decideOn(500, at)
  return SIZES.map((bytes) => {
    const runs = Math.max(20, Math.round(times / Math.max(1, bytes / 5_000)))
    const cpuMicroseconds =
      timed(runs, (at) => decideOn(bytes, at)) - timed(runs, (at) => readOnly(bytes, at))
    return { bytes, cpuMicroseconds: Math.max(0, cpuMicroseconds) }
  })
}

/** Returns µs of processor time a run. */
function timed(runs: number, run: (at: number) => void): number {
  const before = process.cpuUsage()
  for (let at = 0; at < runs; at += 1) run(at)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / runs
}
