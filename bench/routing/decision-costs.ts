/**
 * What a decision costs: features, score, guards and targets of requests of many lengths and shapes, beside the floor of
 * parsing the same body. Shapes repeat what once made a pattern read a text again and again.
 */
import { createClassifier } from '../../edge/routing/classifier/classifier.ts'
import { decide } from '../../edge/routing/decide.ts'
import { extractFeatures } from '../../edge/routing/features.ts'
import { resolveThresholds } from '../../edge/routing/thresholds.ts'
import { readShippedClassifier } from '../../llm/shipped-classifier.ts'
import { parseMessagesRequest } from '../../shared/messages.ts'
import { uniformTrust } from '../../shared/model-card.ts'

const SHAPES: Record<string, string> = {
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
}
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

/** Returns the microseconds of decisions by shape and length. */
export function measureDecisionCosts() {
  return Object.entries(SHAPES).flatMap(([shape, piece]) =>
    LENGTHS.map((length) => measure(shape, piece, length)),
  )
}

/** Returns the table of them. */
export function describeDecisionCosts(rows: ReturnType<typeof measureDecisionCosts>): string {
  const lines = Object.keys(SHAPES).map((shape) => {
    const cells = rows
      .filter((row) => row.shape === shape)
      .map(({ decisionUs, floorUs }) => `${decisionUs.toFixed(0)} (${floorUs.toFixed(0)})`.padStart(14))
    return shape.padEnd(22) + cells.join('')
  })
  return [
    'microseconds for a decision (floor: JSON.parse of the body), by characters of the last turn',
    ...lines,
  ].join('\n')
}

function measure(shape: string, piece: string, length: number) {
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

/** Returns the mean time of a call in microseconds. */
function time(call: () => void): number {
  for (let warmUp = 0; warmUp < 20; warmUp++) call()
  const start = performance.now()
  let calls = 0
  for (; performance.now() - start < MEASURED_MS; calls++) call()
  return ((performance.now() - start) / calls) * 1_000
}
