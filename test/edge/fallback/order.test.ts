/** Which target is tried after which failure, and whose words the client reads when none answers. */
import { expect, test } from 'vitest'
import { openFirst, type Providers } from '../../../edge/fallback/fallback.ts'
import type { AttemptContext, Provider } from '../../../edge/providers/provider.ts'
import type { ProviderName, Target } from '../../../edge/target.ts'
import { type ErrorCode, RouterError } from '../../../shared/errors.ts'
import { localMessage } from '../../support/edge/messages.ts'
import { routerRequest } from '../../support/edge/requests.ts'

const targets: Target[] = [
  { provider: 'local', model: 'tiny-model' },
  { provider: 'claude', model: 'claude-haiku-5-5' },
]

function providersThat(local: ErrorCode | undefined, claude: ErrorCode | undefined) {
  const asked: [ProviderName, Pick<AttemptContext, 'isFallback' | 'isLast'>][] = []
  const provider = (name: ProviderName, code: ErrorCode | undefined): Provider => ({
    name,
    async open(_, target, context) {
      const { isFallback, isLast, onAttempt } = context
      asked.push([name, { isFallback, isLast }])
      onAttempt()
      if (name === 'claude') onAttempt()
      if (code !== undefined) throw new RouterError(code, `${name} says ${code}.`, { retryAfterMs: 7 })
      const message = localMessage()
      return {
        target,
        status: 200,
        headers: {},
        body: { kind: 'non_streaming', bytes: new Uint8Array(), message },
      }
    },
  })
  const providers: Providers = { local: provider('local', local), claude: provider('claude', claude) }
  return { providers, asked }
}

test('asks nobody else once a target answers', async () => {
  const { providers, asked } = providersThat(undefined, undefined)
  expect(await openFirst(routerRequest(), targets, providers)).toMatchObject({ ok: true, failures: [] })
  expect(asked).toEqual([['local', { isFallback: false, isLast: false }]])
})

test('tells the second target that it is one, and counts all attempts', async () => {
  const { providers, asked } = providersThat('timeout', undefined)
  expect(await openFirst(routerRequest(), targets, providers)).toMatchObject({
    ok: true,
    attempts: 3,
    failures: [{ provider: 'local', cause: 'timeout' }],
  })
  expect(asked.at(-1)).toEqual(['claude', { isFallback: true, isLast: true }])
})

test('lets the next target answer what a model declined, and blames nobody where there is none', async () => {
  const declined = await openFirst(routerRequest(), targets, providersThat('declined', undefined).providers)
  expect(declined).toMatchObject({ ok: true, failures: [{ provider: 'local', cause: 'judged_complex' }] })
  const unset = await openFirst(
    routerRequest(),
    targets,
    providersThat('declined', 'configuration').providers,
  )
  expect(unset).toMatchObject({
    ok: false,
    error: { code: 'configuration', message: 'claude says configuration.' },
  })
})

test('chooses the model of a target when its turn comes, knowing how the others failed', async () => {
  const { providers } = providersThat('declined', undefined)
  const result = await openFirst(routerRequest(), targets, providers, {
    resolve: (target, failures) => ({
      ...target,
      model: failures.map(({ cause }) => cause).join() || target.model,
    }),
  })
  expect(result).toMatchObject({
    ok: true,
    answer: { target: { provider: 'claude', model: 'judged_complex' } },
  })
})

test('asks nobody else for a client that has disconnected, or for a request that nobody can serve', async () => {
  for (const code of ['cancelled', 'invalid_request', 'unauthorized', 'internal'] as const) {
    const { providers, asked } = providersThat(code, undefined)
    expect(await openFirst(routerRequest(), targets, providers)).toMatchObject({ ok: false, error: { code } })
    expect(asked).toHaveLength(1)
  }
})

test('does not ask a target of which it is known that it fails', async () => {
  const { providers, asked } = providersThat(undefined, undefined)
  const known = { local: new RouterError('overloaded', 'busy') }
  const result = await openFirst(routerRequest(), targets, providers, { known })
  expect(result).toMatchObject({ ok: true, failures: [{ provider: 'local', cause: 'overloaded' }] })
  expect(asked).toEqual([['claude', { isFallback: true, isLast: true }]])
})

test('gives the last error, and both where the last is only that Claude is not set up', async () => {
  const both = await openFirst(routerRequest(), targets, providersThat('timeout', 'upstream').providers)
  expect(both).toMatchObject({
    ok: false,
    error: { code: 'upstream', message: 'claude says upstream.' },
    attempts: 3,
  })
  const unset = await openFirst(
    routerRequest(),
    targets,
    providersThat('overloaded', 'configuration').providers,
  )
  expect(unset).toMatchObject({
    ok: false,
    error: {
      code: 'overloaded',
      retryAfterMs: 7,
      message: 'local says overloaded. Claude cannot take over: ANTHROPIC_API_KEY is not set.',
    },
  })
})

test('is an error of its own where there is nobody to ask', async () => {
  const { providers } = providersThat(undefined, undefined)
  expect(await openFirst(routerRequest(), [], providers)).toMatchObject({
    ok: false,
    error: { code: 'internal' },
  })
  expect(
    await openFirst(routerRequest(), targets.slice(0, 1), { ...providers, local: undefined }),
  ).toMatchObject({
    ok: false,
    error: { code: 'configuration' },
  })
})

test('calls a target the last where those after it cannot answer', async () => {
  const { providers, asked } = providersThat(undefined, undefined)
  await openFirst(routerRequest(), targets, providers, { isUsable: ({ provider }) => provider === 'local' })
  expect(asked).toEqual([['local', { isFallback: false, isLast: true }]])
})
