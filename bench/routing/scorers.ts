/**
 * Scores of labelled rows by everything that can say how surely complex a request is: the edge, the judge, a decision model,
 * and two baselines that a page of code gives. Says nothing of how good they are.
 */
import { extractFeatures } from '../../edge/routing/features.ts'
import { combinedThreshold, combineScores } from '../../edge/routing/second-look/combination.ts'
import { createDecisionServer } from '../../edge/routing/second-look/decision-model.ts'
import { createSecondLook } from '../../edge/routing/second-look/second-look.ts'
import { DEFAULT_RECALL, resolveThresholds } from '../../edge/routing/thresholds.ts'
import { readShippedClassifier } from '../../llm/shipped-classifier.ts'
import { openOfflineJudge } from '../../scripts/offline-judge.ts'
import { createOfflinePlanner, createOfflineRequest } from '../../scripts/offline-planner.ts'
import type { Environment } from '../../scripts/settings/environment.ts'
import type { LabelledRequest } from '../../training/labelled-requests.ts'

export type Scorer = {
  readonly name: string
  /** One for each row; the higher, the surer it is complex. */
  readonly scores: readonly number[]
  /** From here on the router takes a request for complex; undefined where it never uses this score. */
  readonly threshold?: number
  /** Rows of which nothing was said; they count as complex. */
  readonly missing?: number
}

export type ScorerOptions = {
  readonly judge: boolean
  /** The address of a decision model. */
  readonly systemone: string | undefined
  readonly environment: Environment
}

const KEYWORDS =
  /\b(write|implement|code|function|prove|proof|explain why|analy[sz]e|compare|design|essay|poem|story|derive|debug|refactor|optimi[sz]e|algorithm|step by step|translate|plan|solve|calculate)\b|```|[=<>{}]{2,}/gi
/** No deadline matters here, but a server that never answers is to be noticed. */
const LONGEST_ANSWER_MS = 60_000

/** Returns the scorers, the one that knows most last. Rows are scored one after the other. */
export async function scoreRows(
  rows: readonly LabelledRequest[],
  { judge, systemone, environment }: ScorerOptions,
): Promise<readonly Scorer[]> {
  const features = rows.map(({ request }) => extractFeatures(request))
  const plan = await createOfflinePlanner({ LLM_STRATEGY: 'hybrid' })
  const edge: number[] = []
  for (const { request } of rows) edge.push((await plan(createOfflineRequest({ ...request }))).decision.score)
  const recall = { recall: DEFAULT_RECALL }
  const { complex } = resolveThresholds(readShippedClassifier(), { complex: recall, strong: recall })
  const scorers: Scorer[] = [
    { name: 'length of the last turn', scores: features.map(({ lastUserCharacters }) => lastUserCharacters) },
    {
      name: 'keywords',
      scores: features.map(({ lastUserText }) => lastUserText.match(KEYWORDS)?.length ?? 0),
    },
    { name: 'edge', scores: edge, threshold: complex },
  ]
  if (systemone !== undefined) {
    const look = createSecondLook({
      ask: createDecisionServer({
        url: systemone.replace(/\/+$/, '').replace(/\/v1(\/systemone)?$/, ''),
        key: environment.SECOND_LOOK_KEY,
        model: environment.SECOND_LOOK_MODEL,
        fetch,
      }),
      timeoutMs: LONGEST_ANSWER_MS,
      log: () => {},
      // On this clock every rest is over at once: each row is asked, whatever became of those before.
      now: risingClock(),
    })
    const never = new AbortController().signal
    const said: (number | undefined)[] = []
    for (const seen of features) said.push(await look.ask(seen, never))
    scorers.push(...withEdge('decision model', said, edge))
  }
  if (judge) {
    const offline = await openOfflineJudge(environment)
    const said: (number | undefined)[] = []
    for (const { request } of rows) said.push(await offline.score(request))
    await offline.dispose()
    scorers.push(...withEdge('judge', said, edge))
  }
  return scorers
}

/** Returns a second look by itself and together with the edge. */
function withEdge(name: string, said: readonly (number | undefined)[], edge: readonly number[]): Scorer[] {
  const missing = said.filter((score) => score === undefined).length
  const both = said.map((score, index) => (score === undefined ? 1 : combineScores(edge[index] ?? 1, score)))
  return [
    { name, scores: said.map((score) => score ?? 1), missing },
    {
      name: `edge and ${name}`,
      scores: both,
      threshold: combinedThreshold({ recall: DEFAULT_RECALL }),
      missing,
    },
  ]
}

function risingClock(): () => number {
  let now = 0
  return () => (now += 3_600_000)
}
