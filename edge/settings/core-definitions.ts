/**
 * The settings of the core, each defined once: routing, the local model, Claude, the cache. The edge and the library read
 * them.
 */
import * as z from 'zod/mini'
import type { SettingTable } from '../../shared/setting.ts'
import { SIMPLE_TASKS } from '../../shared/tasks.ts'
import { CONTENT_MODES } from '../ledger/content.ts'
import { PROMPT_CACHE_MODES } from '../prompt-cache/mode.ts'
import { DEFAULT_RECALL, DEFAULT_STRONG_RECALL } from '../routing/thresholds.ts'
import { STRATEGIES } from '../strategy.ts'
import { DEGRADATION_DEFINITIONS } from './degradation-definitions.ts'
import { operatorRules } from './operator-rules-setting.ts'
import { priceOverrides } from './prices-setting.ts'
import {
  boolean,
  choice,
  choices,
  headerText,
  judgeThreshold,
  list,
  milliseconds,
  oneOf,
  ownThreshold,
  text,
  threshold,
  wholeNumber,
} from './setting-schemas.ts'

export const DEFAULT_CLAUDE_MODEL = 'claude-sonnet-5-5'
export const DEFAULT_CLAUDE_SIMPLE_MODEL = 'claude-haiku-5-5'
export const DEFAULT_ANTHROPIC_BASE_URL = 'https://api.anthropic.com'

const routing = { section: 'Routing' } as const
const local = { section: 'Local model: how it is reached' } as const
const claude = { section: 'Claude' } as const
const ledger = { section: 'Ledger: cost, savings, users' } as const
const limits = { section: 'Cache, logs and limits' } as const

export const CORE_DEFINITIONS = {
  LLM_STRATEGY: {
    ...routing,
    schema: choice(STRATEGIES, 'claude_only'),
    text: 'Who answers: claude_only; hybrid (simple requests to the local model); local_fallback (local first, always); local_only.',
    example: 'hybrid',
  },
  LOCAL_LLM_ENABLED: {
    ...routing,
    schema: boolean,
    text: 'false takes the local model away whatever the strategy says; npm start then starts no container.',
    example: 'true',
  },
  ROUTED_MODELS: {
    ...routing,
    schema: list(['*']),
    text: 'Which requested model names the strategy applies to, separated by commas, * as wildcard. Others go to Claude as asked; auto, claude-auto and local always count.',
  },
  ROUTER_THRESHOLD: {
    ...routing,
    schema: threshold({ recall: DEFAULT_RECALL }),
    text: 'From which score (0 to 1, a probability) a request counts as complex; or recall:97, the score that keeps 97 % of complex requests from the local model. A lower score, or a higher share, sends more to Claude.',
    defaultText: `recall:${DEFAULT_RECALL}`,
    sample: `recall:${DEFAULT_RECALL}`,
  },
  STRONG_THRESHOLD: {
    ...routing,
    schema: threshold({ recall: DEFAULT_STRONG_RECALL }),
    text: 'The same for auto and claude-auto: from here on CLAUDE_MODEL answers, below it CLAUDE_SIMPLE_MODEL.',
    defaultText: `recall:${DEFAULT_STRONG_RECALL}`,
    sample: `recall:${DEFAULT_STRONG_RECALL}`,
  },
  JUDGE_THRESHOLD: {
    ...routing,
    schema: judgeThreshold({ recall: DEFAULT_RECALL }),
    text: "The second look of a container that judges: where the edge is unsure, the local model's own judge decides before it answers. From which score of both together on a request counts as complex, as a score or a share; off: that judge is not asked. Holds for SECOND_LOOK_URL, too.",
    defaultText: `recall:${DEFAULT_RECALL}`,
    sample: `recall:${DEFAULT_RECALL}`,
  },
  HANDOVER_THRESHOLD: {
    ...routing,
    schema: ownThreshold,
    text: 'How probable it must be that a container’s model would only guess, 0 to 1, for it to hand over to Claude instead of answering; default: what the model’s own handover.json says; off: it answers. Without Claude to ask it always answers.',
    defaultText: 'default',
    sample: 'default',
  },
  VERIFY_THRESHOLD: {
    ...routing,
    schema: ownThreshold,
    text: 'How surely wrong a container’s short answer must look by its own measure, 0 to 1, for Claude to answer in its place; default: what the model’s own handover.json says; off: answers are not verified. Holds for answers that are not streams, and where Claude can be asked.',
    defaultText: 'default',
    sample: 'default',
  },
  SECOND_LOOK_URL: {
    ...routing,
    schema: text,
    text: 'A decision model that is asked where the edge is unsure, in the place of the container’s judge: a server of POST /v1/systemone, or workers-ai: and the name of a model (the Worker then needs the binding AI). It is shown the end of the conversation. Without a sound answer Claude answers.',
    sample: 'workers-ai:@cf/cloudflare/clef-flash',
  },
  SECOND_LOOK_KEY: {
    ...routing,
    schema: headerText,
    secret: true,
    text: 'The key of that server, sent as x-api-key and as Authorization: Bearer.',
  },
  SECOND_LOOK_MODEL: {
    ...routing,
    schema: text,
    text: 'The name of the model on a decision server that has several.',
    sample: 'clef-flash',
  },
  SECOND_LOOK_MS: {
    ...routing,
    schema: milliseconds(400),
    text: 'Longest wait for the second look, ms; it is never asked again.',
  },
  SIMPLE_TOOL_TURNS: {
    ...routing,
    schema: choice(['strong', 'cheap'], 'strong'),
    text: 'Who answers turns with tools that ask for nothing hard, where the model is auto or claude-auto: CLAUDE_MODEL (strong) or CLAUDE_SIMPLE_MODEL (cheap). Never the local model.',
  },
  ROUTER_RULES: {
    ...routing,
    schema: operatorRules,
    text: 'Your own rules as a JSON list, first match wins: who asks, what the texts hold, tasks, tokens, time of day or headers decide route, Claude model or threshold. docs/routing-rules.md has them all, with examples.',
    defaultText: 'none',
    sample: '[{"when": {"tenant": "batch"}, "use": {"tier": "cheap"}}]',
  },
  LOCAL_TASKS: {
    ...routing,
    schema: choices(SIMPLE_TASKS),
    text: "auto: what the model's own card says. Or some of simple_chat, simple_qa, summarization, classification: only these, at the card's level, or fully where the card leaves one out; naming all four trusts the model with everything, languages too. Guards that hold for every model hold in any case.",
  },
  SIDE_REQUESTS_LOCAL: {
    ...routing,
    schema: boolean,
    text: 'Whether side requests of clients (titles, tags) may be answered locally, where the model is trusted with summaries. Otherwise the cheap Claude model answers them.',
  },
  ANTHROPIC_API_KEY: {
    ...claude,
    schema: headerText,
    secret: true,
    text: 'From https://platform.claude.com. Without it simple requests still work; complex ones get a 503 that says so.',
    example: '',
  },
  CLAUDE_MODEL: {
    ...claude,
    schema: text,
    text: 'What the model name auto means for complex requests.',
    defaultText: DEFAULT_CLAUDE_MODEL,
    sample: DEFAULT_CLAUDE_MODEL,
  },
  CLAUDE_SIMPLE_MODEL: {
    ...claude,
    schema: text,
    text: 'What the model name auto means for simple requests.',
    defaultText: DEFAULT_CLAUDE_SIMPLE_MODEL,
    sample: DEFAULT_CLAUDE_SIMPLE_MODEL,
  },
  ANTHROPIC_BASE_URL: {
    ...claude,
    schema: text,
    text: 'Another endpoint that speaks the Messages API, such as a company gateway.',
    defaultText: DEFAULT_ANTHROPIC_BASE_URL,
    sample: DEFAULT_ANTHROPIC_BASE_URL,
  },
  PROMPT_CACHE: {
    ...claude,
    schema: oneOf(PROMPT_CACHE_MODES),
    text: 'Whether the router marks prompts for Claude’s prompt cache where the client marks nothing itself and it is likely to pay: auto, off. Set to auto, it holds for another ANTHROPIC_BASE_URL as well. docs/prompt-cache.md',
    defaultText: 'auto for Anthropic’s own address, else off',
    sample: 'off',
  },
  CLAUDE_HEADERS_MS: {
    ...claude,
    schema: milliseconds(30_000),
    text: 'Longest wait for the headers of a stream, ms.',
  },
  CLAUDE_FIRST_EVENT_MS: {
    ...claude,
    schema: milliseconds(30_000),
    text: 'Longest wait for the first event of a stream, ms.',
  },
  CLAUDE_IDLE_MS: { ...claude, schema: milliseconds(90_000), text: 'Longest silence inside a stream, ms.' },
  CLAUDE_TIMEOUT_MS: {
    ...claude,
    schema: milliseconds(600_000),
    text: 'Longest time that an answer may keep the router waiting in all, ms.',
  },
  CLAUDE_MAX_RETRIES: {
    ...claude,
    schema: wholeNumber(1, 0, 5),
    text: 'How often a request that Claude did not take is sent again.',
  },
  LOCAL_LLM_URL: {
    ...local,
    schema: list([]),
    text: 'The container, or any server of the Messages API; several addresses, separated by commas, are used by load and health. https outside this machine.',
    defaultText: 'the container that npm start starts',
    sample: 'https://your-container.onrender.com',
  },
  LOCAL_LLM_SECRET: {
    ...local,
    schema: headerText,
    secret: true,
    text: 'Shared by edge and container. Needed for a container that others can reach: openssl rand -hex 32',
  },
  LOCAL_LLM_PROTOCOL: {
    ...local,
    schema: choice(['anthropic', 'openai'], 'anthropic'),
    text: 'What the server at LOCAL_LLM_URL speaks: the Messages API, or chat completions (llama.cpp, Ollama, vLLM).',
  },
  LOCAL_LLM_MODEL: {
    ...local,
    schema: text,
    text: 'The name of the model on a server that has several.',
    defaultText: 'the first that the server names',
    sample: 'qwen3:0.6b',
  },
  LOCAL_MAX_INPUT_TOKENS: {
    ...local,
    schema: z.optional(wholeNumber(0, 1, 10_000_000)),
    text: 'Estimated tokens that a request may have to be given to the local model.',
    defaultText: 'what the server states, else 2000',
    sample: '2000',
  },
  LOCAL_HEADERS_MS: {
    ...local,
    schema: milliseconds(2_000),
    text: 'Longest wait until the container takes a request or refuses it, ms; then Claude answers. Other servers get this and the next together.',
  },
  LOCAL_FIRST_CONTENT_MS: {
    ...local,
    schema: milliseconds(4_000),
    text: 'Longest wait for the first word after that, ms; then Claude answers. The container refuses at once what it could not begin so soon.',
  },
  LOCAL_IDLE_MS: {
    ...local,
    schema: milliseconds(15_000),
    text: 'Longest silence of the model inside an answer, ms; pings of the server do not count.',
  },
  LOCAL_TIMEOUT_MS: {
    ...local,
    schema: milliseconds(60_000),
    text: 'Longest time that an answer may keep the router waiting in all, ms.',
  },
  ...DEGRADATION_DEFINITIONS,
  SAVINGS_BASELINE: {
    ...ledger,
    schema: text,
    text: 'The model that savings are measured against, whatever was asked for.',
    defaultText: 'CLAUDE_MODEL for auto, claude-auto and local; otherwise the model that was asked for',
    sample: 'claude-sonnet-5-5',
  },
  PRICES: {
    ...ledger,
    schema: priceOverrides,
    text: 'Prices as JSON, USD per million tokens, in the place of the built-in ones or for further models: input and output, and where they differ from the usual shares cacheWrite5m, cacheWrite1h, cacheRead; long for long prompts; batch, priority and fast. docs/ledger.md has examples. A model without a price has an unknown cost.',
    defaultText: 'Anthropic’s list prices',
    sample: '{"claude-sonnet-5-5": {"input": 1.8, "output": 9, "batch": {"input": 0.9, "output": 4.5}}}',
  },
  LOG_CONTENT: {
    ...ledger,
    schema: choice(CONTENT_MODES, 'off'),
    text: 'Whether prompts and answers are kept with receipts: off; redacted (without keys, e-mail addresses, card and phone numbers); full. Never in log lines.',
  },
  TRAINING_LOG: {
    ...ledger,
    schema: choice(CONTENT_MODES, 'off'),
    text: 'Whether requests that the local model was asked are kept, with its answers and never with Claude’s, so that it can be tuned on those that it declined, failed at or answered badly (docs/training.md): off, redacted, full.',
  },
  RETENTION_DAYS: {
    ...ledger,
    schema: wholeNumber(30, 1, 3_650),
    text: 'So many days after the end of its month (UTC) a receipt is deleted; sums without users stay. A change holds within a week.',
  },
  CACHE_TTL_SECONDS: {
    ...limits,
    schema: wholeNumber(300, 0, 31_536_000),
    text: 'How long exact repeats are answered from memory; 0 turns the cache off. Requests with a temperature above 0 are never cached.',
  },
  CACHE_MAX_ENTRIES: {
    ...limits,
    schema: wholeNumber(1_000, 0, 1_000_000),
    text: 'Answers that are kept at most.',
  },
  CACHE_MAX_BYTES: {
    ...limits,
    schema: wholeNumber(16 * 1024 * 1024, 0, 100 * 1024 * 1024),
    text: 'Bytes of answers that are kept at most.',
  },
} as const satisfies SettingTable
