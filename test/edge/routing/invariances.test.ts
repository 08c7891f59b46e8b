/**
 * What must not change a decision: the form in which a text comes, when and how often it is asked, a system prompt that has
 * nothing to do with it; and how much of a request is looked at. Whole decisions, under a model that is trusted with everything.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { emitFeatures } from '../../../edge/routing/classifier/hashed-features.ts'
import { createOfflinePlanner, createOfflineRequest } from '../../../scripts/offline-planner.ts'
import { type LabelledRequest, readLabelledRequests } from '../../../training/labelled-requests.ts'
import { featuresOf } from '../../support/edge/requests.ts'
import { ask } from '../../support/edge/router.ts'

const SETTINGS = { LLM_STRATEGY: 'hybrid', LOCAL_TASKS: 'simple_chat,simple_qa,summarization,classification' }
const plan = await createOfflinePlanner(SETTINGS, true)
const decisionOn = async (body: object) => (await plan(createOfflineRequest({ ...body }))).decision

/** Every twentieth of the repository's rows without a system prompt: of all kinds, languages and both labels. */
const rows = readLabelledRequests([join(import.meta.dirname, '../../../training/requests')], 'keep')
  .filter(({ request }) => request.system === undefined)
  .filter((_, index) => index % 20 === 0)
const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.constantFrom(...rows.map(({ request }) => String(request.messages.at(-1)?.content))),
)
const blocks = (text: string) => [{ type: 'text', text }]

test('there are rows of both labels and several languages', () => {
  expect(rows.length).toBeGreaterThan(250)
  expect(new Set(rows.map(({ complex }) => complex)).size).toBe(2)
  expect(new Set(rows.map(({ language }) => language)).size).toBeGreaterThan(8)
})

test('a conversation of texts is decided as the same conversation of blocks', async () => {
  const conversations = fc
    .array(texts, { minLength: 1, maxLength: 5 })
    .filter(({ length }) => length % 2 === 1)
  await fc.assert(
    fc.asyncProperty(conversations, fc.option(texts), async (turns, system) => {
      const bodyOf = (form: (text: string) => unknown) => ({
        messages: turns.map((text, at) => ({
          role: at % 2 === 0 ? 'user' : 'assistant',
          content: form(text),
        })),
        ...(system === null ? {} : { system: form(system) }),
      })
      expect(await decisionOn(bodyOf(blocks))).toEqual(await decisionOn(bodyOf((text) => text)))
    }),
  )
})

test('a request is decided as before, whatever was asked in between, and by another planner, too', async () => {
  const other = await createOfflinePlanner(SETTINGS, true)
  await fc.assert(
    fc.asyncProperty(texts, texts, async (text, between) => {
      const first = await decisionOn(ask(text))
      await decisionOn(ask(between))
      expect(await decisionOn(ask(text))).toEqual(first)
      expect((await other(createOfflineRequest(ask(text)))).decision).toEqual(first)
    }),
  )
})

const UNRELATED = [
  'You are a helpful assistant.',
  'You are a senior software architect with twenty years of experience in distributed systems.',
  'You are Luna, a friendly companion who loves small talk and cats.',
  'Du bist der Hausmeister eines Altenheims und duzt alle.',
  'Acme Bank. Opening hours: Mon-Fri 9-17. Tone: warm, professional. Never promise refunds.',
  'You work for a museum of modern art. Keep answers short and polite. Today is Tuesday.',
  'Tu es le guide d’un musée de province, chaleureux et bavard.',
  'Reply in a friendly tone. Respond only in English. Our office is closed on public holidays.',
  'You are the help desk of a bicycle shop. Answer in two sentences at most and sign as Tim.',
]

/** Returns the rows whose side of the threshold another system prompt changes. */
async function movedBy(system: string): Promise<readonly LabelledRequest[]> {
  const moved: LabelledRequest[] = []
  for (const row of rows) {
    const [without, beside] = [await decisionOn(row.request), await decisionOn({ ...row.request, system })]
    if (without.complex !== beside.complex) moved.push(row)
  }
  return moved
}

test.each(UNRELATED)('a system prompt that asks for nothing else moves no row: %s', async (system) => {
  expect((await movedBy(system)).map(({ id }) => id)).toEqual([])
})

test('fewer than eight thousand features of a request are weighed, however long it is', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'The ferry was late. ',
      'SELECT ',
      '你好世界',
      '$? ',
      '\n',
      '<system-reminder>',
      'are you ',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  )
  const featuresSeen = (text: string) => {
    let seen = 0
    const turns = ['user', 'assistant', 'user'].map((role) => ({ role, content: text }))
    emitFeatures(featuresOf(ask('', { system: text, messages: turns })), () => seen++)
    return seen
  }
  fc.assert(
    fc.property(piece, fc.integer({ min: 20_000, max: 200_000 }), (text, length) => {
      const long = text.repeat(Math.ceil(length / text.length))
      expect(featuresSeen(long)).toBeLessThan(8_000)
    }),
    { numRuns: 50 },
  )
})

test('what is looked at grows with the text, not with its square', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1_400 }), (text) => {
      let seen = 0
      emitFeatures(featuresOf(ask(text)), () => seen++)
      expect(seen).toBeLessThanOrEqual(20 + 8 * text.length)
    }),
  )
})
