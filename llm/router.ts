/**
 * The router of a program: what it offers and how its parts hang together. Everything about one request stands in
 * answering.ts, everything about who is asked in edge/.
 */
import { availableParallelism } from 'node:os'
import { type Core, composeCore } from '../edge/compose.ts'
import { createMemoryControlRecord } from '../edge/control/control-record.ts'
import type { Explanation } from '../edge/explanation/explanation.ts'
import type { Ledger } from '../edge/ledger/ledger.ts'
import { createRequestId, cryptoRandomBytes } from '../edge/ledger/request-id.ts'
import type { Fetch, Provider } from '../edge/providers/provider.ts'
import { isStrategy, STRATEGIES, type Strategy } from '../edge/strategy.ts'
import { readInferenceConfig } from '../inference/config.ts'
import type { EngineProcess } from '../inference/engine/process.ts'
import type { ResolvedModel } from '../inference/models/resolve.ts'
import { RouterError } from '../shared/errors.ts'
import { createLog, type Log } from '../shared/log.ts'
import { type Answering, createAnswering } from './answering.ts'
import { type AnthropicClient, createAnthropicClient, createClaudeFetch } from './claude-transport.ts'
import { keepAlive } from './keep-alive.ts'
import { createLibraryLedger } from './library-ledger.ts'
import { createLocalModel, type LocalModel } from './local-model.ts'
import { describeByName, type LocalModelInfo } from './model-info.ts'
import type { DirectOptions, GenerateOptions, LLMMessage } from './options.ts'
import type { Reply, StreamChunk } from './reply.ts'
import { createRequest } from './request.ts'
import { type Environment, readSettings } from './settings.ts'
import { readShippedClassifier } from './shipped-classifier.ts'
import { type RouterStatus, readStatus } from './status.ts'

export type RouterOptions = {
  /** Where the settings are read; `process.env` where not given. */
  readonly env?: Environment
  /** Gets the log lines; false: nobody. Standard error where not given. */
  readonly log?: Log | false
  /** A client of Anthropic's SDK with credentials of its own; then no ANTHROPIC_API_KEY is needed. */
  readonly claudeClient?: AnthropicClient
  /** Used for everything that leaves this process, except by `claudeClient`. */
  readonly fetch?: Fetch
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** Uniform in [0, 1). */
  readonly random?: () => number
  /** Gets the time of the request, milliseconds since the epoch. */
  readonly createId?: (at: number) => string
  /** Starts the model; a child process where not given. */
  readonly startEngine?: (model: ResolvedModel) => EngineProcess
}

/** One side, asked directly. */
export type DirectProvider<Name extends 'claude' | 'local' = 'claude' | 'local'> = {
  readonly name: Name
  readonly generate: (messages: readonly LLMMessage[], options?: DirectOptions) => Promise<Reply>
  readonly stream: (
    messages: readonly LLMMessage[],
    options?: DirectOptions,
  ) => AsyncGenerator<StreamChunk, void>
  /** The edge's own interface, for a gateway: one attempt for one request, without cache and log line. */
  readonly open: Provider['open']
}

export type LocalDirectProvider = DirectProvider<'local'> & {
  /** Says what is known of the model, also before it is loaded. Loads nothing. */
  readonly getModelInfo: () => LocalModelInfo
  /** Loads the model ahead of the first request; resolves once it is ready. Nothing to do for a container. */
  readonly start: () => Promise<void>
}

export type Router = {
  /** @throws {RouterError} with `code` and `status` where nobody answers */
  readonly generate: (messages: readonly LLMMessage[], options?: GenerateOptions) => Promise<Reply>
  /** Yields text as it comes, then one chunk of type `end`. Leaving the loop ends the answer where it is made. */
  readonly stream: (
    messages: readonly LLMMessage[],
    options?: GenerateOptions,
  ) => AsyncGenerator<StreamChunk, void>
  /** Says who would be asked and why, at what price, and what would change that. Calls no model but that of a second look. */
  readonly explain: (messages: readonly LLMMessage[], options?: GenerateOptions) => Promise<Explanation>
  readonly getStatus: () => Promise<RouterStatus>
  /** The receipts of this and of earlier runs; undefined where LEDGER_PATH names no folder. */
  readonly ledger: Ledger | undefined
  /** In force from the next request on. @throws {RouterError} `invalid_request` for a name that is no strategy */
  readonly setStrategy: (strategy: Strategy) => void
  /** Ends running answers and the model's process. A closed router refuses every request. */
  readonly close: () => Promise<void>
  readonly claude: DirectProvider<'claude'>
  readonly local: LocalDirectProvider
}

/**
 * Returns a router. Nothing is loaded or called before the first request.
 * @throws {RouterError} `configuration` that names every setting that is wrong
 */
export function createRouter(options: RouterOptions = {}): Router {
  const env = options.env ?? process.env
  const settings = readSettings(env)
  const now = options.now ?? Date.now
  const createId = options.createId ?? ((at: number) => createRequestId(at, cryptoRandomBytes))
  const fetch: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init))
  const log = chooseLog(options.log, settings.silent, settings.logFormat)
  const claudeClient = options.claudeClient ?? createAnthropicClient(settings.claude, fetch)
  const closing = new AbortController()
  const ledger =
    settings.ledgerPath === undefined
      ? undefined
      : createLibraryLedger({
          folder: settings.ledgerPath,
          retentionDays: settings.retentionDays,
          now,
          log,
        })
  /** What is done beside answers, such as keeping their receipts. */
  const pending = new Set<Promise<unknown>>()
  const waitUntil = (work: Promise<unknown>) => {
    const done = work.catch(() => {}).finally(() => pending.delete(done))
    pending.add(done)
  }
  let strategy = settings.strategy

  const makeLocalModel = (): LocalModel | undefined =>
    settings.localInProcess
      ? createLocalModel({
          config: readInferenceConfig(modelEnvironment(env), availableParallelism()),
          env,
          log,
          now: () => performance.now(),
          fetch,
          startEngine: options.startEngine,
        })
      : undefined
  const makeSide = (localModel: LocalModel | undefined, withLocal: boolean): Side => {
    const random = options.random ?? Math.random
    const core = composeCore(
      {
        ...settings,
        local: withLocal
          ? { ...settings.local, model: settings.local.model ?? localModel?.info().name }
          : undefined,
        claude: claudeClient === undefined ? settings.claude : { ...settings.claude, keySource: 'transport' },
      },
      {
        claudeFetch:
          claudeClient === undefined
            ? fetch
            : createClaudeFetch(claudeClient, settings.claude.deadlines.totalMs),
        localFetch: localModel?.fetch ?? fetch,
        secondLookFetch: fetch,
        log,
        // A model that could be loaded counts as ready; that it was loaded is said by whoever loads it.
        ...(localModel === undefined ? {} : { localLog: () => {} }),
        now,
        random,
        // Requests of the library name their strategy themselves: a change holds for the very next one.
        controlRecord: createMemoryControlRecord(settings.strategy),
        ledger,
        classifierModel: readShippedClassifier(),
      },
    )
    localModel?.onReady(() => core.local?.noteReady())
    const claudeConfigured = claudeClient !== undefined
    return { localModel, core, ...createAnswering({ core, localModel, claudeConfigured, now }) }
  }

  const routed = makeSide(settings.localEnabled ? makeLocalModel() : undefined, settings.localEnabled)
  let direct = settings.localEnabled ? routed : undefined
  /** Where the strategies may not use the local model, it is made when a program asks for it by name. */
  const localSide = (): Side => {
    direct ??= makeSide(makeLocalModel(), true)
    return direct
  }

  const prepare = (
    messages: readonly LLMMessage[],
    given: GenerateOptions,
    stream: boolean,
    signal: AbortSignal,
  ) => {
    if (closing.signal.aborted) throw new RouterError('unavailable', 'The router is closed.')
    const startedAt = now()
    return createRequest({
      messages,
      options: given,
      stream,
      strategy,
      id: createId(startedAt),
      signal: AbortSignal.any([signal, closing.signal]),
      startedAt,
      waitUntil,
    })
  }
  const generate = async (
    side: () => Side,
    messages: readonly LLMMessage[],
    given: GenerateOptions,
  ): Promise<Reply> => side().nonStreaming(prepare(messages, given, false, new AbortController().signal))
  const stream = (side: () => Side, messages: readonly LLMMessage[], given: GenerateOptions) =>
    abortable((signal) => side().stream(prepare(messages, given, true, signal)))

  const theRouted = () => routed
  return {
    generate: (messages, given = {}) => generate(theRouted, messages, given),
    stream: (messages, given = {}) => stream(theRouted, messages, given),
    ledger,
    explain: async (messages, given = {}) =>
      keepAlive(routed.core.explain(prepare(messages, given, false, new AbortController().signal))),
    getStatus: () =>
      readStatus({ strategy, settings, claudeConfigured: claudeClient !== undefined, ...routed }),
    setStrategy(next) {
      if (!isStrategy(next))
        throw new RouterError('invalid_request', `strategy: must be one of ${STRATEGIES.join(', ')}`)
      if (next === 'local_only' && !settings.localEnabled)
        throw new RouterError('invalid_request', 'strategy: local_only needs LOCAL_LLM_ENABLED=true')
      if (next !== strategy) log('[Router] Strategy changed', { strategy: next })
      strategy = next
    },
    async close() {
      closing.abort(new RouterError('unavailable', 'The router is closed.'))
      await keepAlive(Promise.all([routed.localModel?.close(), direct?.localModel?.close(), ...pending]))
    },
    claude: {
      name: 'claude',
      generate: (messages, given = {}) => generate(theRouted, messages, { ...given, force: 'claude' }),
      stream: (messages, given = {}) => stream(theRouted, messages, { ...given, force: 'claude' }),
      open: routed.core.claude.open,
    },
    local: {
      name: 'local',
      generate: (messages, given = {}) => generate(localSide, messages, { ...given, force: 'local' }),
      stream: (messages, given = {}) => stream(localSide, messages, { ...given, force: 'local' }),
      open: async (request, target, context) =>
        keepAlive(localProvider(localSide()).open(request, target, context)),
      getModelInfo() {
        const { localModel, core } = localSide()
        return localModel?.info() ?? describeByName(core.local?.pool.modelName())
      },
      start: async () => keepAlive(localSide().localModel?.start() ?? Promise.resolve()),
    },
  }
}

type Side = Answering & { readonly core: Core; readonly localModel: LocalModel | undefined }

function localProvider({ core }: Side): Provider {
  if (core.local !== undefined) return core.local.provider
  throw new RouterError('configuration', 'The local model is switched off (LOCAL_LLM_ENABLED).')
}

/** Leaving a stream early aborts it first: a generator alone would wait for the chunk that is on its way. */
function abortable(
  open: (signal: AbortSignal) => AsyncGenerator<StreamChunk, void>,
): AsyncGenerator<StreamChunk, void> {
  const controller = new AbortController()
  const chunks = (async function* () {
    yield* open(controller.signal)
  })()
  const finish = chunks.return.bind(chunks)
  chunks.return = (value) => {
    controller.abort(new RouterError('cancelled', 'The stream was left.'))
    return finish(value)
  }
  return chunks
}

function chooseLog(given: Log | false | undefined, silent: boolean, format: 'json' | 'text'): Log {
  if (given === false || silent) return () => {}
  return given ?? createLog(format, (line) => void process.stderr.write(`${line}\n`))
}

/** A host program's own address and port are none of the model's; nobody can reach it anyway. */
function modelEnvironment(env: Environment): Environment {
  return { ...env, HOST: '127.0.0.1', PORT: undefined, LOCAL_LLM_SECRET: undefined, LOG_FORMAT: undefined }
}
