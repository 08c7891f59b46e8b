/** The schema of a chat completions request, as clients read it in the API's documentation. */
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { chatCompletionRequestSchema } from '../../../edge/chat-completions/request-schema.ts'

test('shows what the items of lists are, although they are checked one by one', () => {
  const { properties } = z.toJSONSchema(chatCompletionRequestSchema, { io: 'input', unrepresentable: 'any' })
  const { messages, tools } = properties ?? {}
  const roles = JSON.stringify(messages).match(/"role":\{"type":"string","(?:const|enum)":[^}]*/g)
  expect(roles).toHaveLength(5)
  expect(messages).toMatchObject({
    type: 'array',
    items: { oneOf: [{ required: ['role', 'content'] }, {}, {}, {}, {}] },
  })
  expect(tools).toMatchObject({ anyOf: [{ items: { required: ['type', 'function'] } }, {}] })
})
