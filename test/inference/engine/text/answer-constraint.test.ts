/** Answers of a given form, by every kind of tokenizer, whatever a model's logits say. */
import { join } from 'node:path'
import { AutoTokenizer } from '@xenova/transformers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EngineEvent } from '../../../../inference/engine/engine.ts'
import {
  type AnswerConstraint,
  createAnswerConstrainer,
} from '../../../../inference/engine/text/answer-constraint.ts'
import { seededRandom } from '../../../../inference/engine/text/sampler.ts'
import { createSequence } from '../../../../inference/engine/text/sequence.ts'
import { readVocabulary } from '../../../../inference/engine/text/vocabulary.ts'
import { SHIPPED_DIR } from '../../../../inference/models/resolve.ts'
import type { AnswerFormat, AnswerMember } from '../../../../shared/answer-format.ts'

const MODELS = join(import.meta.dirname, '../../../fixtures/models')

async function load(folder: string, end: number) {
  const tokenizer = await AutoTokenizer.from_pretrained(folder)
  const tokens = readVocabulary(tokenizer)?.tokens ?? []
  return {
    tokens,
    constrain: await createAnswerConstrainer(tokenizer, new Set([end]))(),
    end,
    encode: (text: string) => tokenizer.encode(text, { add_special_tokens: false }),
    rows: Math.max(...tokens.map(({ id }) => id)) + 1,
    decode: (ids: number[]) =>
      tokenizer.decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
  }
}
type Loaded = Awaited<ReturnType<typeof load>>

const byteLevel = await load(join(MODELS, 'tiny-llama'), 2)
const unigram = await load(join(MODELS, 'tiny-t5'), 1)
const shipped = await load(join(SHIPPED_DIR, 'Ulfberht-135M'), 2)

/** Writes an answer by logits that mean nothing. */
function write(
  { constrain, end, rows, decode }: Loaded,
  format: AnswerFormat,
  seed: number,
  { maxTokens = 400, preferred = [] as readonly number[] } = {},
) {
  const constraint = constrain(format)
  if (!constraint) throw new Error('The tokenizer cannot write this.')
  const events: EngineEvent[] = []
  const random = seededRandom(seed)
  const sequence = createSequence({
    ids: [],
    request: { maxTokens, stopSequences: [], format },
    sampling: { temperature: seed % 2, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    occurred: [],
    constraint,
    random,
    endTokens: new Set([end]),
    decode,
    push: (event) => events.push(event),
  })
  const logits = new Float32Array(rows)
  for (let done = false; !done; ) {
    for (let token = 0; token < rows; token++) logits[token] = random() * 12
    for (const token of preferred) logits[token] = 24
    done = sequence.accept(logits).done
  }
  const last = events.at(-1)
  if (last?.type !== 'end') throw new Error('The sequence did not end.')
  const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('')
  return { text, complete: last.stopReason === 'end_turn', tokens: last.outputTokens }
}

/** Says whether a text is an answer of the form. */
function fits(format: AnswerFormat, text: string): boolean {
  if (format.type === 'choice')
    return format.choices.some((each) => text === (format.quoted ? JSON.stringify(each) : each))
  const answer: unknown = JSON.parse(text)
  if (typeof answer !== 'object' || answer === null) return false
  const members = Object.entries(answer)
  return (
    members.length === format.members.length && format.members.every((member) => hasMember(member, members))
  )
}

function hasMember({ name, value }: AnswerMember, members: readonly [string, unknown][]): boolean {
  const found = members.find(([key]) => key === name)?.[1]
  if (value.type === 'enum') return value.values.some((each) => each === found)
  if (value.type === 'integer') return Number.isSafeInteger(found)
  return typeof found === value.type
}

/** Writes `text` by allowed tokens, the longest first; returns whether that is possible. */
function canWrite({ tokens, end }: Loaded, constraint: AnswerConstraint, text: string): boolean {
  const bytesOf = new Map(tokens.map(({ id, bytes }) => [id, bytes]))
  let left = Buffer.from(text).toString('latin1')
  let goesOn = true
  while (left !== '') {
    const fitting = constraint
      .allowed(10_000)
      .flatMap((list) => [...list])
      .map((id) => ({ id, bytes: bytesOf.get(id) ?? '\0' }))
      .filter(({ bytes }) => left.startsWith(bytes))
    const longest = fitting.sort((a, b) => b.bytes.length - a.bytes.length)[0]
    if (!goesOn || !longest) return false
    goesOn = constraint.accept(longest.id).goesOn
    left = left.slice(longest.bytes.length)
  }
  return !goesOn || constraint.allowed(10_000).some((list) => list.includes(end))
}

const anyText = fc.string({ unit: 'grapheme', maxLength: 12 })
const label = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
const scalar = fc.oneof(
  label,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
)
const choice = fc
  .uniqueArray(label, { minLength: 1, maxLength: 6 })
  .chain((choices) => fc.boolean().map((quoted) => ({ type: 'choice', choices, quoted }) as const))
const value = fc.oneof(
  fc.uniqueArray(scalar, { minLength: 1, maxLength: 5 }).map((values) => ({ type: 'enum', values }) as const),
  fc.constantFrom('string', 'number', 'integer', 'boolean').map((type) => ({ type })),
)
const object = fc
  .uniqueArray(fc.record({ name: anyText.filter((name) => name !== '__proto__'), value }), {
    maxLength: 5,
    selector: ({ name }) => name,
  })
  .map((members) => ({ type: 'object', members }) as const)

describe.each([
  ['a byte-level tokenizer', byteLevel],
  ['the shipped tokenizer', shipped],
])('%s', (_, loaded) => {
  const runs = loaded === shipped ? { numRuns: 15 } : { numRuns: 60 }

  test('answers in the form that is asked for, whatever the logits', () => {
    fc.assert(
      fc.property(fc.oneof(choice, object), fc.nat(), (format, seed) => {
        const { text, complete } = write(loaded, format, seed)
        expect(complete).toBe(true)
        expect(fits(format, text)).toBe(true)
      }),
      runs,
    )
  })

  test('completes the answer within any limit that one answer was completed within', () => {
    fc.assert(
      fc.property(fc.oneof(choice, object), fc.nat(), fc.nat(), (format, seed, other) => {
        const { tokens } = write(loaded, format, seed)
        const limited = write(loaded, format, other, { maxTokens: tokens })
        expect(limited.complete).toBe(true)
        expect(fits(format, limited.text)).toBe(true)
      }),
      runs,
    )
  })

  test('leaves a way to every answer of the form', () => {
    const answered = object.chain((format) =>
      fc.tuple(
        fc.constant(format),
        fc.tuple(
          ...format.members.map(({ value: { type, ...rest } }) => {
            if (type === 'string') return anyText.map((text) => text.trimStart())
            if (type === 'boolean') return fc.boolean()
            if (type === 'enum') return fc.constantFrom(...('values' in rest ? rest.values : []))
            return fc.integer({ min: -999_999_999_999, max: 999_999_999_999 })
          }),
        ),
      ),
    )
    fc.assert(
      fc.property(choice, fc.nat(), answered, (labels, at, [format, values]) => {
        const text = labels.choices[at % labels.choices.length] ?? ''
        const some = loaded.constrain(labels)
        expect(some && canWrite(loaded, some, text)).toBe(true)
        const members = format.members.map(
          ({ name }, index) => `${JSON.stringify(name)}: ${JSON.stringify(values[index] ?? null)}`,
        )
        const written = loaded.constrain(format)
        expect(written && canWrite(loaded, written, `{${members.join(', ')}}`)).toBe(true)
      }),
      { numRuns: loaded === shipped ? 5 : 40 },
    )
  })

  test('writes a text that alone is allowed with as few tokens as the tokenizer would', () => {
    const text = fc.string({ unit: fc.constantFrom(...'aeinst ,:"{}_1é'), minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(text, fc.nat(), (only, seed) => {
        const written = write(loaded, { type: 'choice', choices: [only] }, seed)
        expect(written).toMatchObject({ text: only, complete: true })
        expect(written.tokens).toBeLessThanOrEqual(loaded.encode(only).length)
      }),
      runs,
    )
  })
})

test('takes a text as long as any that a request may name', () => {
  const text = 'so long '.repeat(1_250)
  expect(write(byteLevel, { type: 'choice', choices: [text, 'short'] }, 2, { maxTokens: 5 }).complete).toBe(
    true,
  )
  const long = write(byteLevel, { type: 'choice', choices: [text] }, 2, { maxTokens: 10_000 })
  expect(long).toMatchObject({ text, complete: true })
})

test('leaves out the space with which a string begins', () => {
  const format: AnswerFormat = { type: 'object', members: [{ name: 'city', value: { type: 'string' } }] }
  const space = byteLevel.tokens.filter(({ bytes }) => bytes.startsWith(' ')).map(({ id }) => id)
  const texts = Array.from(
    { length: 40 },
    (_, seed) => write(byteLevel, format, seed, { maxTokens: 20, preferred: space }).text,
  )
  for (const text of texts) expect(text).toMatch(/^\{"city": "\S/)
})

test('lets the model say where an answer ends that is the beginning of another', () => {
  const format: AnswerFormat = { type: 'choice', choices: ['a', 'ab', 'abc'] }
  const answers = new Set(Array.from({ length: 40 }, (_, seed) => write(byteLevel, format, seed).text))
  expect([...answers].sort()).toEqual(['a', 'ab', 'abc'])
})

test('writes emoji and other characters of several tokens whole', () => {
  const format: AnswerFormat = { type: 'choice', choices: ['"😀"', '"😡"', '"日本"', '"👩‍👩‍👧"'] }
  const answers = new Set(Array.from({ length: 60 }, (_, seed) => write(byteLevel, format, seed).text))
  expect([...answers].sort()).toEqual([...format.choices].sort())
})

test('ends with the last token allowed where no answer is short enough', () => {
  const { text, complete, tokens } = write(byteLevel, { type: 'choice', choices: ['"extraordinary"'] }, 1, {
    maxTokens: 2,
  })
  expect({ complete, tokens }).toEqual({ complete: false, tokens: 2 })
  expect('"extraordinary"'.startsWith(text)).toBe(true)
})

describe('a SentencePiece tokenizer', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abcdefghij '), minLength: 1, maxLength: 12 })
  const labels = fc
    .uniqueArray(
      word.map((text) => text.trim() || 'a'),
      { minLength: 1, maxLength: 6 },
    )
    .map((choices) => ({ type: 'choice', choices }) as const)

  test('answers with one of the labels and can answer with each', () => {
    fc.assert(
      fc.property(labels, fc.nat(), (format, seed) => {
        expect(format.choices).toContain(write(unigram, format, seed).text)
        for (const text of format.choices) {
          const constraint = unigram.constrain(format)
          expect(constraint && canWrite(unigram, constraint, text)).toBe(true)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('is refused what it has no tokens for', () => {
    expect(unigram.constrain({ type: 'choice', choices: ['good', '😀'] })).toBeUndefined()
    expect(unigram.constrain({ type: 'object', members: [] })).toBeUndefined()
  })
})
