/**
 * One client of the load: asks, reads to the end or hangs up, and says how it ended. Knows when an answer is whole, broken as
 * it should be, or wrong; counts nothing.
 */
import { request } from 'node:http'

export type LoadRequest = {
  readonly text: string
  readonly stream: boolean
  readonly headers: Readonly<Record<string, string>>
  /** Hangs up so long after the request has gone out, ms; undefined: reads to the end. */
  readonly hangsUpAfterMs: number | undefined
  /** By which its receipt is found. */
  readonly user: string
}

export type LoadEnd = {
  /** `error`: an error in the API's own shape, before the answer or as its last event. */
  readonly kind: 'whole' | 'error' | 'hung_up' | 'wrong' | 'never'
  readonly status: number
  readonly route: string
  readonly ms: number
  /** What is wrong; undefined otherwise. */
  readonly wrong?: string
}

/** Returns how it ended. @param longestMs after which it never ends */
export function askUnderLoad(
  url: string,
  { text, stream, headers, hangsUpAfterMs, user }: LoadRequest,
  longestMs: number,
): Promise<LoadEnd> {
  const begun = performance.now()
  const body = JSON.stringify({
    model: 'auto',
    max_tokens: 16,
    stream,
    metadata: { user_id: user },
    messages: [{ role: 'user', content: text }],
  })
  return new Promise((resolve) => {
    let status = 0
    let route = ''
    let leaving: NodeJS.Timeout | undefined
    const end = (kind: LoadEnd['kind'], wrong?: string) => {
      clearTimeout(timer)
      clearTimeout(leaving)
      const ended = { kind, status, route, ms: performance.now() - begun }
      resolve(wrong === undefined ? ended : { ...ended, wrong })
    }
    const sent = request(
      `${url}/v1/messages`,
      { method: 'POST', agent: false, headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        status = response.statusCode ?? 0
        route = String(response.headers['x-router-route'] ?? '')
        let read = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          read += part
        })
        response.on('error', (error) => end('wrong', `the connection broke: ${error.message}`))
        response.on('end', () => end(...judge(status, stream, read)))
      },
    )
    sent.on('error', (error) => end('wrong', `no answer: ${error.message}`))
    const timer = setTimeout(() => {
      end('never', `nothing for ${longestMs} ms`)
      sent.destroy()
    }, longestMs)
    // Not before: on a busy machine it takes longer to connect, and who hangs up then has asked for nothing.
    if (hangsUpAfterMs !== undefined)
      sent.on('finish', () => {
        leaving = setTimeout(() => {
          end('hung_up')
          sent.destroy()
        }, hangsUpAfterMs)
      })
    sent.end(body)
  })
}

function judge(status: number, stream: boolean, read: string): [LoadEnd['kind'], string?] {
  if (status !== 200)
    return /^\{"type":"error","error":\{/.test(read)
      ? ['error']
      : ['wrong', `${status}: ${read.slice(0, 200)}`]
  if (!stream)
    return read.includes('"stop_reason"') ? ['whole'] : ['wrong', `no message: ${read.slice(0, 200)}`]
  const events = [...read.matchAll(/^event: (\w+)$/gm)].map((match) => match[1] ?? '')
  const terminal = events.filter((name) => name === 'message_stop' || name === 'error')
  if (terminal.length !== 1 || terminal[0] !== events.at(-1))
    return ['wrong', `ends with ${events.slice(-3).join(', ') || 'nothing'}`]
  if (events.filter((name) => name === 'message_start').length > 1) return ['wrong', 'two answers in one']
  return [terminal[0] === 'error' ? 'error' : 'whole']
}
