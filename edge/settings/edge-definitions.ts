/**
 * The settings that only the edge reads, each defined once: who may call, and how HTTP is spoken.
 */
import type { SettingTable } from '../../shared/setting.ts'
import { ON_BUDGET } from '../budgets/limits.ts'
import { limitsTable } from './limits-setting.ts'
import {
  boolean,
  choice,
  dollars,
  headerName,
  headerText,
  list,
  milliseconds,
  text,
  wholeNumber,
} from './setting-schemas.ts'
import { TOOLS_DEFINITIONS } from './tools-definitions.ts'

const callers = { section: 'Who may call' } as const
const ledger = { section: 'Ledger: cost, savings, users' } as const
const limits = { section: 'Cache, logs and limits' } as const

export const EDGE_DEFINITIONS = {
  CLAUDE_KEY_SOURCE: {
    section: 'Claude',
    schema: choice(['router', 'client'], 'router'),
    text: "router: ANTHROPIC_API_KEY. client: each caller's own key is passed on to Claude.",
  },
  ALLOW_ANONYMOUS: {
    ...callers,
    schema: boolean,
    text: 'true answers without a key, on this machine’s own names (localhost, 127.0.0.1) only. Right for npm start, never for a deployed edge.',
    example: 'true',
  },
  ROUTER_KEYS: {
    ...callers,
    schema: text,
    secret: true,
    text: 'Callers as tenant:key pairs separated by commas, keys of at least 16 characters; or JSON: [{"id":"alice","key":"sha256:…","strategy":"hybrid","models":["auto"],"forbid":["force"],"promptCache":"off","limits":{…}}], each but id and key optional; forbid takes force, strategy, cache, privacy, explain. Keys at runtime: docs/keys.md. Set: every caller needs a key, and npm start ignores ALLOW_ANONYMOUS.',
  },
  ADMIN_KEY: {
    ...callers,
    schema: headerText,
    secret: true,
    text: "Allows changing the strategy, keys and limits at runtime; also a caller's key. At least 16 characters (openssl rand -hex 32), or its digest as sha256:…",
  },
  LIMITS: {
    ...callers,
    schema: limitsTable,
    text: 'What tenants may use, as JSON by tenant, * for every other: {"*":{"tenant":{"usdPerMonth":20},"user":{"requestsPerMinute":10}}}. Limits set at runtime come before it: docs/keys.md.',
    defaultText: 'none',
    sample: '{"*":{"tenant":{"usdPerMonth":20}}}',
  },
  ON_BUDGET: {
    ...callers,
    schema: choice(ON_BUDGET, 'refuse'),
    text: 'At a hard limit of tokens or money: refuse (429); cheaper (simple requests to the local model, others to CLAUDE_SIMPLE_MODEL, whatever model was named); local (only what the local model can serve is answered). docs/budgets.md.',
  },
  CORS_ORIGINS: {
    ...callers,
    schema: list([]),
    text: 'Origins of pages that may call from a browser, separated by commas.',
    sample: 'https://app.example',
  },
  CONTAINER_USD_PER_MONTH: {
    ...ledger,
    schema: dollars,
    text: 'What the local model’s server costs a month, USD: sums of savings are told with and without it, from the day of the first receipt on.',
    defaultText: '0',
    sample: '25',
  },
  USER_HEADER: {
    ...ledger,
    schema: headerName,
    text: 'A request header that names the end user; it outranks metadata.user_id and OpenAI’s safety_identifier and user.',
    defaultText: 'none',
    sample: 'x-router-user',
  },
  HASH_USERS: {
    ...ledger,
    schema: boolean,
    text: 'true keeps a hash of each end user’s name in its place; needs USER_HASH_SALT.',
  },
  USER_HASH_SALT: {
    ...ledger,
    schema: text,
    secret: true,
    text: 'What makes these hashes your own: openssl rand -hex 32. With another salt every user is a new one.',
  },
  MAX_BODY_BYTES: {
    ...limits,
    schema: wholeNumber(8 * 1024 * 1024, 1_024, 100 * 1024 * 1024),
    text: 'Largest request body. One request holds about four copies, and an isolate has 128 MB; Anthropic itself takes 32 MiB.',
  },
  RESPONSES_RETENTION_HOURS: {
    ...limits,
    schema: wholeNumber(24, 0, 8_760),
    text: 'So many hours after its last answer a conversation of the Responses API is deleted, which previous_response_id goes on with; requests with "store": false are never kept. 0 keeps nothing.',
  },
  EARLY_HEADERS_MS: {
    ...limits,
    schema: milliseconds(5_000),
    text: 'After so long without an answer a stream sends its headers and comment lines, ms.',
  },
  HEARTBEAT_MS: {
    ...limits,
    schema: milliseconds(10_000),
    text: 'Pause between these comment lines, ms.',
  },
  LEDGER_SHARDS: {
    ...ledger,
    schema: wholeNumber(1, 1, 64),
    text: "Durable Objects over which one tenant's receipts of a month are spread: one keeps some hundred a second.",
  },
  LOG_FORMAT: {
    ...limits,
    schema: choice(['json', 'text'], 'json'),
    text: 'json (for log stores) or text (for people and grep).',
    defaultText: 'json; text under npm start',
    sample: 'text',
  },
  ...TOOLS_DEFINITIONS,
} as const satisfies SettingTable
