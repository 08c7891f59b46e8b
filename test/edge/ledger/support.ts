/** Receipts for the tests of what is made of them. */
import type { Ending, RoutedFacts } from '../../../edge/ledger/receipt.ts'
import { localMessage } from '../../support/edge/messages.ts'

export const usage = { input_tokens: 1_000, output_tokens: 100 }
export const local: RoutedFacts = {
  requestId: 'req_1',
  tenantId: 'alice',
  user: undefined,
  surface: 'messages',
  startedAt: 0,
  strategy: 'hybrid',
  requestedModel: 'auto',
  stream: false,
  task: 'simple_chat',
  score: 0.123_456,
  threshold: 0.2,
  judgeScore: undefined,
  handoverScore: undefined,
  reasons: () => [],
  reason: 'hybrid: simple task',
  guard: undefined,
  cache: 'miss',
  failures: [],
  failedAttempts: [],
  attempts: 1,
  route: 'local',
  model: 'tiny-model',
  baselineModel: 'claude-haiku-5-5',
}
export const claude: RoutedFacts = {
  ...local,
  route: 'claude',
  model: 'claude-haiku-5-5',
  reason: 'hybrid: complex task',
}
export const done: Ending = {
  outcome: 'completed',
  message: localMessage({ usage }),
  latencyMs: 12.4,
  firstContentMs: 3.6,
}
