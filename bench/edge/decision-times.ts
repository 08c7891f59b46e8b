/** What a decision alone costs, by the length of the request: features, verdict, guards, targets. No request is answered. */
import { composePlanning } from '../../edge/compose-planning.ts'
import { readConfig } from '../../edge/config.ts'
import { decide } from '../../edge/routing/decide.ts'
import { extractFeatures } from '../../edge/routing/features.ts'
import { readShippedClassifier } from '../../llm/shipped-classifier.ts'
import { type MessagesRequest, parseMessagesRequest } from '../../shared/messages.ts'
import { median } from './statistics.ts'
import { bodyOf } from './workload.ts'

export type DecisionTime = { readonly bytes: number; readonly cpuMicroseconds: number }

const SIZES = [100, 500, 5_000, 50_000, 500_000, 1_000_000] as const
const REQUESTS = 20
const WARM_UP = 20

/** Returns the processor time of a decision for requests of some lengths, the median of so many times twenty. */
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
  const decideOn = (request: MessagesRequest) => {
    const features = extractFeatures(request)
    decide(features, classifier.classify(features), circumstances)
  }
  return SIZES.map((bytes) => {
    const requests = Array.from({ length: REQUESTS }, (_, number) =>
      parseMessagesRequest(JSON.parse(bodyOf('auto', bytes, number))),
    )
    const each = () => requests.forEach(decideOn)
    // Before anything is measured, so that code is compiled.
    for (let at = 0; at < WARM_UP; at += 1) each()
    const batches = Array.from({ length: times }, () => timed(each) / REQUESTS)
    return { bytes, cpuMicroseconds: median(batches) }
  })
}

/** Returns µs of processor time. */
function timed(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return user + system
}
