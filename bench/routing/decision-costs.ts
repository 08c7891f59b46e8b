/**
 * What a decision costs: features, score, guards and targets of requests of many lengths and shapes, beside the floor of
 * parsing the same body, in processor time. Shapes repeat what once made a pattern read a text again and again.
 */
import { createClassifier } from '../../edge/routing/classifier/classifier.ts'
import { decide } from '../../edge/routing/decide.ts'
import { extractFeatures } from '../../edge/routing/features.ts'
import { resolveThresholds } from '../../edge/routing/thresholds.ts'
import { readShippedClassifier } from '../../llm/shipped-classifier.ts'
import { parseMessagesRequest } from '../../shared/messages.ts'
import { uniformTrust } from '../../shared/model-card.ts'

const SHAPES = {
  prose: 'The council met on Friday and decided to close the old ferry. ',
  SQL: 'SELECT ',
  'requests for code': 'write a ',
  steps: 'first, both ',
  'code lines': 'return x ',
  'about the assistant': 'are you ',
  punctuation: '$? ',
  'white space': ' \n',
  Chinese: '你好世界',
  'client texts': '<system-reminder>',
} as const
export type Shape = keyof typeof SHAPES
const ALL_SHAPES = Object.keys(SHAPES).filter((name): name is Shape => name in SHAPES)

const LENGTHS = [100, 1_000, 10_000, 100_000, 1_000_000]
const MEASURED_MS = 100

const model = readShippedClassifier()
const { classify } = createClassifier(model)
const circumstances = {
  strategy: 'hybrid',
  requestedModel: 'auto',
  routed: true,
  force: undefined,
  mayForce: true,
  privacyLocal: false,
  sideRequestsLocal: false,
  staysWithSession: false,
  localOnlyFeature: undefined,
  local: {
    model: 'local',
    card: { trust: uniformTrust('full'), languages: ['en'], maxTemperature: null, exam: null },
    maxInputTokens: 10_000_000,
  },
  claude: { configured: true, model: 'strong', simpleModel: 'cheap' },
  thresholds: resolveThresholds(model, { complex: { recall: 97 }, strong: { recall: 90 } }),
  rule: undefined,
  simpleToolTurns: 'strong',
} as const

export type DecisionCost = {
  readonly shape: Shape
  /** Of the last turn; the turn before it and the system prompt are as long, up to 8,000. */
  readonly characters: number
  /** Processor time, µs. */
  readonly decisionUs: number
  /** That of parsing the body, µs. */
  readonly floorUs: number
}

/** Returns what decisions cost by shape and length. */
export function measureDecisionCosts({
  shapes = ALL_SHAPES,
  lengths = LENGTHS,
}: {
  readonly shapes?: readonly Shape[]
  readonly lengths?: readonly number[]
} = {}): readonly DecisionCost[] {
  return shapes.flatMap((shape) => lengths.map((length) => measure(shape, length)))
}

/** Returns the table of them. */
export function describeDecisionCosts(rows: readonly DecisionCost[]): string {
  const lines = ALL_SHAPES.map((shape) => {
    const cells = rows
      .filter((row) => row.shape === shape)
      .map(({ decisionUs, floorUs }) => `${decisionUs.toFixed(0)} (${floorUs.toFixed(0)})`.padStart(14))
    return shape.padEnd(22) + cells.join('')
  })
  return [
    'microseconds of processor time for a decision (floor: JSON.parse of the body), by characters of the last turn',
    ...lines,
  ].join('\n')
}

function measure(shape: Shape, length: number): DecisionCost {
  const piece = SHAPES[shape]
  const content = piece.repeat(Math.ceil(length / piece.length)).slice(0, length)
  const earlier = [
    { role: 'user', content },
    { role: 'assistant', content },
  ]
  const body = JSON.stringify({
    model: 'auto',
    max_tokens: 100,
    system: content.slice(0, 8_000),
    messages: [
      ...earlier.map((turn) => ({ ...turn, content: turn.content.slice(0, 8_000) })),
      { role: 'user', content },
    ],
  })
  const request = parseMessagesRequest(JSON.parse(body))
  const decisionUs = time(() => {
    const features = extractFeatures(request)
    decide(features, classify(features), circumstances)
  })
  return { shape, characters: length, decisionUs, floorUs: time(() => JSON.parse(body)) }
}

/** Returns the processor time of a call, the mean of as many as fit into a while, µs. */
function time(call: () => void): number {
  for (let warmUp = 0; warmUp < 20; warmUp++) call()
  const before = process.cpuUsage()
  const start = performance.now()
  let calls = 0
  for (; performance.now() - start < MEASURED_MS; calls++) call()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}
