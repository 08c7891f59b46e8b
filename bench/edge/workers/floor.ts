/**
 * The floor: the smallest Hono pass-through there is. No keys, no decision, no cache, no record.
 */
import { Hono } from 'hono'

const app = new Hono<{ Bindings: { readonly ANTHROPIC_BASE_URL: string } }>()

app.post('/v1/*', async ({ env, req }) => {
  const headers = new Headers(req.raw.headers)
  headers.delete('host')
  const answer = await fetch(env.ANTHROPIC_BASE_URL + req.path, {
    method: 'POST',
    headers,
    body: req.raw.body,
  })
  return new Response(answer.body, answer)
})

export default app
