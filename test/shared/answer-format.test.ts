/** Which schemas a local model can be held to, and what is said of the others. */
import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { readAnswerFormat } from '../../shared/answer-format.ts'
import { RouterError } from '../../shared/errors.ts'

const read = (schema: unknown) => readAnswerFormat({ format: { type: 'json_schema', schema } })
const object = (properties: object, more: object = {}) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
})

test('reads labels as the JSON values that the answer may be', () => {
  const choices = (schema: object) => read(schema)?.format
  expect(choices({ type: 'string', enum: ['good', 'bad', 'good'] })).toEqual({
    type: 'choice',
    choices: ['good', 'bad'],
    quoted: true,
  })
  expect(choices({ enum: ['é "x"', 1, 0.5, true, null] })).toEqual({
    type: 'choice',
    choices: ['"é \\"x\\""', '1', '0.5', 'true', 'null'],
  })
  expect(choices({ const: 'only' })).toEqual({ type: 'choice', choices: ['only'], quoted: true })
  expect(choices({ enum: ['a', '\ud800'] })).toEqual({ type: 'choice', choices: ['"a"', '"\\ud800"'] })
  expect(choices({ type: 'boolean' })).toEqual({ type: 'choice', choices: ['true', 'false'] })
})

test('reads a flat object, its members in their order', () => {
  const demanded = read(
    object({
      mood: { type: 'string', enum: ['good', 'bad'] },
      name: { type: 'string', title: 'Name' },
      age: { type: 'integer' },
      score: { type: 'number' },
      spam: { type: 'boolean' },
      kind: { const: 'review' },
    }),
  )
  expect(demanded).toEqual({
    format: {
      type: 'object',
      members: [
        { name: 'mood', value: { type: 'enum', values: ['good', 'bad'] } },
        { name: 'name', value: { type: 'string' } },
        { name: 'age', value: { type: 'integer' } },
        { name: 'score', value: { type: 'number' } },
        { name: 'spam', value: { type: 'boolean' } },
        { name: 'kind', value: { type: 'enum', values: ['review'] } },
      ],
    },
    notes: [],
  })
})

test('takes what Anthropic’s SDK makes of a schema of zod’s', () => {
  const schema = z.object({ mood: z.enum(['good', 'bad']), age: z.int(), kind: z.literal('review') })
  const demanded = read(transformJSONSchema(z.toJSONSchema(schema)))
  expect(demanded?.notes).toEqual([])
  expect(demanded?.format).toMatchObject({ members: [{ name: 'mood' }, { name: 'age' }, { name: 'kind' }] })
})

test('keeps descriptions as notes, with the member that they describe', () => {
  const schema = object({ age: { type: 'integer', description: 'In years.' } }, { description: 'A person.' })
  expect(read(schema)?.notes).toEqual(['A person.', 'age: In years.'])
})

test('is absent where no form is demanded', () => {
  for (const output_config of [undefined, null, {}, { format: null }, { effort: 'low' }, 'text'])
    expect(readAnswerFormat(output_config)).toBeUndefined()
})

test.each([
  ['a list', { type: 'array', items: { type: 'string' } }, /schema: must be/],
  ['any text', { type: 'string' }, /schema: must be an object, or have an "enum"/],
  ['no schema at all', 'text', /must hold the type "json_schema"/],
  ['no labels', { enum: [] }, /schema\.enum: must be a list of 1 to 256/],
  ['labels that are no values', { enum: [['a']] }, /schema\.enum: must hold texts/],
  ['an integer beyond a double', { enum: [2 ** 60] }, /schema\.enum: must hold texts/],
  ['labels of another type', { type: 'integer', enum: ['a'] }, /values of the "type"/],
  ['a union', { anyOf: [{ const: 1 }, { type: 'null' }] }, /schema: must be/],
  ['an object within', object({ a: object({}) }), /properties\.a: must be/],
  ['a list within', object({ a: { type: 'array' } }), /properties\.a: must be/],
  ['a member that may be null', object({ a: { type: ['string', 'null'] } }), /properties\.a: must be/],
  [
    'a member that may be absent',
    { ...object({ a: { type: 'string' } }), required: [] },
    /a: must be in "required"/,
  ],
  ['a member that is nowhere', object({}, { required: ['b'] }), /schema\.required/],
  ['other members', object({}, { additionalProperties: true }), /additionalProperties: must be false/],
  ['a pattern', object({ a: { type: 'string', pattern: 'x' } }), /properties\.a\.pattern: must be left out/],
  ['a bound', object({ a: { type: 'integer', minimum: 0 } }), /properties\.a\.minimum: must be left out/],
  ['a reference', object({ a: { $ref: '#/$defs/x' } }), /properties\.a: must be/],
  ['definitions', object({}, { $defs: {} }), /schema\.\$defs: must be left out/],
  [
    'too many members',
    object(Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`m${at}`, { type: 'string' }]))),
    /at most 64/,
  ],
  ['long texts', { enum: ['x'.repeat(10_001)] }, /at most 10000 characters/],
])('refuses %s and says where it stands', (_, schema, reason) => {
  expect(() => read(schema)).toThrow(
    expect.objectContaining({ code: 'unsupported', message: expect.stringMatching(reason) }),
  )
})

test('a member by the name of __proto__ is refused rather than lost', () => {
  const properties = JSON.parse('{"__proto__": {"type": "string"}}')
  expect(() => read({ type: 'object', properties, required: ['__proto__'] })).toThrow(/schema\.required/)
})

test('reads or refuses anything, and never fails otherwise', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const request of [value, { format: value }, { format: { type: 'json_schema', schema: value } }])
        try {
          readAnswerFormat(request)
        } catch (error) {
          expect(RouterError.from(error).code).toBe('unsupported')
        }
    }),
  )
})
