/** The signature that receivers check with any library of Standard Webhooks. */
import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { webhookSignature } from '../../../edge/webhooks/signature.ts'

test('signs the example of the specification’s libraries as they do', async () => {
  const signature = await webhookSignature('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1_614_265_330,
    body: '{"test": 2432232314}',
  })
  expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test('takes a secret without the prefix as it is', async () => {
  const content = { id: 'msg_1', timestamp: 5, body: '{"text":"ä"}' }
  const expected = createHmac('sha256', 'correct horse battery')
    .update('msg_1.5.{"text":"ä"}')
    .digest('base64')
  expect(await webhookSignature('correct horse battery', content)).toBe(`v1,${expected}`)
})
