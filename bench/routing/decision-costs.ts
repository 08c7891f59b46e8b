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

/** The second one is that of the longest messages that are scored by their parts, too: nothing costs more. */
const LENGTHS = [50, 700, 10_000, 100_000, 1_000_000]
const MEASURED_MS = 100
const SPELL_MS = 10

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
    const own = rows.filter((row) => row.shape === shape)
    return tableLine(
      shape,
      own.map(({ decisionUs, floorUs }) => `${decisionUs.toFixed(0)} (${floorUs.toFixed(0)})`),
    )
  })
  const lengths = [...new Set(rows.map(({ characters }) => characters))]
  return [
    'microseconds of processor time for a decision (floor: JSON.parse of the body), by characters of the last turn',
    tableLine(
      '',
      lengths.map((length) => length.toLocaleString('en')),
    ),
    ...lines,
  ].join('\n')
}

function tableLine(name: string, cells: readonly string[]): string {
  return name.padEnd(22) + cells.map((cell) => cell.padStart(14)).join('')
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

/** Returns the processor time of a call, µs: the least of many spells, so that what others on the machine slow down does not count. */
function time(call: () => void): number {
  for (let warmUp = 0; warmUp < 20; warmUp++) call()
  let least = Number.POSITIVE_INFINITY
  for (const start = performance.now(); performance.now() - start < MEASURED_MS; ) {
    const before = process.cpuUsage()
    const spell = performance.now()
    let calls = 0
    for (; calls === 0 || performance.now() - spell < SPELL_MS; calls++) call()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / calls)
  }
  return least
}
