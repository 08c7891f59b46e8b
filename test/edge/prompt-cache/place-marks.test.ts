/** Marks in the bytes: what is put in is all that changes, whatever the body looks like. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Marks, placeMarks, placeOfInstructions } from '../../../edge/prompt-cache/place-marks.ts'
import { type MessagesRequest, parseMessagesRequest } from '../../../shared/messages.ts'

const MARK = '"cache_control":{"type":"ephemeral"}'
const CONVERSATION: Marks = { instructions: false, conversation: true }
const INSTRUCTIONS: Marks = { instructions: true, conversation: false }
const BOTH: Marks = { instructions: true, conversation: true }

const space = fc.stringMatching(/^[ \t\n\r]{0,3}$/)
const oddText = fc.oneof(
  fc.constantFrom(
    '"\\u0041\\/"',
    '"é\\n\u2028"',
    '"\\ud83d\\ude00"',
    '"}{][,:"',
    '"\\\\\\""',
    '"\\"cache_control\\":"',
  ),
  fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => JSON.stringify(`x${text}`)),
)
const oddValue = fc.oneof(
  oddText,
  fc.constantFrom('1.0', '1e2', '-0', '12345678901234567890', '[]', '{ }', 'null', '{"a":1,"a":2}'),
  fc.json({ maxDepth: 2 }),
)
const oddKey = fc.constantFrom('"mcp"', '"x"', '"\\u0079"', '"é"', '"__proto__"', '"toString"')

/** Members as JSON text in any order, with odd spacing; names may come twice. */
const objectOf = (members: fc.Arbitrary<readonly (readonly [string, string])[]>) =>
  fc.tuple(members, fc.infiniteStream(space)).map(([list, spaces]) => {
    const gap = () => spaces.next().value ?? ''
    const parts = list.map(([key, value]) => `${gap()}${key}${gap()}:${gap()}${value}${gap()}`)
    return `{${parts.length === 0 ? gap() : parts.join(',')}}`
  })
const extras = fc.array(fc.tuple(oddKey, oddValue), { maxLength: 4 })
const shuffled = (required: fc.Arbitrary<readonly (readonly [string, string])[]>) =>
  fc
    .tuple(required, extras)
    .chain(([members, more]) =>
      fc.shuffledSubarray([...members, ...more], { minLength: members.length + more.length }),
    )

describe('the end of the conversation', () => {
  test('is marked by one member, without which the body is what it was, byte for byte', () => {
    fc.assert(
      fc.property(space, objectOf(extras), space, (before, object, after) => {
        const text = `${before}${object}${after}`
        const marked = placeMarks(text, anyRequest, CONVERSATION)
        expect(without(marked, `${MARK},`, MARK)).toContain(text)
        expect(JSON.parse(marked)).toEqual({ ...JSON.parse(text), cache_control: { type: 'ephemeral' } })
        expect(marked.length - text.length).toBe(MARK.length + (/^\s*\{\s*\}/.test(text) ? 0 : 1))
      }),
    )
  })

  test('stands first, before names and texts that look like it', () => {
    expect(placeMarks('\n{ "a":"{\\"cache_control\\":1}"}', anyRequest, CONVERSATION)).toBe(
      `\n{${MARK}, "a":"{\\"cache_control\\":1}"}`,
    )
  })
})

const block = objectOf(
  shuffled(
    oddText.map(
      (text) =>
        [
          ['"type"', '"text"'],
          ['"text"', text],
        ] as const,
    ),
  ),
)
const system = fc.oneof(
  oddText,
  fc
    .tuple(fc.array(block, { maxLength: 2 }), block, space)
    .map(([first, last, gap]) => `[${gap}${[...first, last].join(`${gap},`)}${gap}]`),
)
const body = objectOf(
  shuffled(
    system.map(
      (text) =>
        [
          ['"model"', '"claude-sonnet-5-5"'],
          ['"max_tokens"', '10'],
          ['"messages"', '[{"role":"user","content":"Is \\"system\\":[{ a place?"}]'],
          ['"system"', text],
        ] as const,
    ),
  ),
)

describe('the instructions', () => {
  test('are marked by what is put in alone, and say the same', () => {
    fc.assert(
      fc.property(body, (text) => {
        const request = parseMessagesRequest(JSON.parse(text))
        fc.pre(placeOfInstructions(request) !== undefined)
        const marked = placeMarks(text, request, INSTRUCTIONS)
        const isText = typeof request.system === 'string'
        const inserted = isText ? ['[{"type":"text","text":', `,${MARK}}]`] : [`${MARK},`]
        expect(isInserted(text, marked, inserted)).toBe(true)
        const { system: blocks, ...rest } = JSON.parse(marked)
        const { system: told, ...others } = JSON.parse(text)
        expect(rest).toEqual(others)
        const before = isText ? [{ type: 'text', text: told }] : told
        expect(blocks).toEqual([
          ...before.slice(0, -1),
          { ...before.at(-1), cache_control: { type: 'ephemeral' } },
        ])
      }),
    )
  })

  test('and the conversation may be marked in one body', () => {
    expect(marked('{"system":"Be kind.","messages":[]}', BOTH)).toBe(
      `{${MARK},"system":[{"type":"text","text":"Be kind.",${MARK}}],"messages":[]}`,
    )
  })

  test('are the last tool where there is no system prompt', () => {
    const tools = '[{"name":"a","input_schema":{}}, { "name":"b","input_schema":{"cache_control":1}} ]'
    expect(marked(`{"tools":${tools}}`, INSTRUCTIONS)).toBe(
      `{"tools":[{"name":"a","input_schema":{}}, {${MARK}, "name":"b","input_schema":{"cache_control":1}} ]}`,
    )
  })

  test.each([
    ['nothing', '{}'],
    ['a blank text, on which Claude refuses a mark', '{"system":"  "}'],
    ['a blank last block', '{"system":[{"type":"text","text":"Be kind."},{"type":"text","text":""}]}'],
    ['a block of another kind', '{"system":[{"type":"image"}]}'],
    ['a tool of Anthropic’s own', '{"tools":[{"type":"web_search_20260318","name":"web_search"}]}'],
    ['a tool that is looked up later', '{"tools":[{"name":"a","input_schema":{},"defer_loading":true}]}'],
  ])('stay as they are where they are %s', (_, text) => {
    expect(placeOfInstructions(JSON.parse(text))).toBeUndefined()
    expect(marked(text, INSTRUCTIONS)).toBe(text)
  })
})

const anyRequest: MessagesRequest = { model: 'claude-sonnet-5-5', max_tokens: 1, messages: [] }

function marked(text: string, marks: Marks): string {
  return placeMarks(text, { ...anyRequest, ...JSON.parse(text) }, marks)
}

/** Every text that is left when one of `pieces` is taken out at one place. */
function without(text: string, ...pieces: readonly string[]): string[] {
  return pieces.flatMap((piece) =>
    [...text.matchAll(new RegExp(escaped(piece), 'g'))].map(
      ({ index }) => text.slice(0, index) + text.slice(index + piece.length),
    ),
  )
}

/** Says whether `longer` is `text` with the pieces put in, in this order. */
function isInserted(text: string, longer: string, pieces: readonly string[]): boolean {
  const [piece, ...others] = pieces
  if (piece === undefined) return text === longer
  return [...longer.matchAll(new RegExp(escaped(piece), 'g'))].some(
    ({ index }) =>
      text.slice(0, index) === longer.slice(0, index) &&
      isInserted(text.slice(index), longer.slice(index + piece.length), others),
  )
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
}
