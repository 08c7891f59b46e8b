/**
 * The router's names in a visitor's words.
 */

const ROUTES: Readonly<Record<string, string>> = {
  local: 'Local model',
  claude: 'Claude',
  cache: 'Cache',
}

const TASKS: Readonly<Record<string, string>> = {
  simple_chat: 'small talk',
  simple_qa: 'a simple question',
  summarization: 'a summary',
  classification: 'a label or a field',
  code_generation: 'code',
  tool_use: 'a request with tools',
  complex_reasoning: 'reasoning',
  multi_step: 'several steps',
  creative_writing: 'creative writing',
  other: 'something else',
}

/** Returns how a visitor calls a route. */
export function nameRoute(route: string | null | undefined): string {
  return ROUTES[route ?? ''] ?? 'Nobody'
}

/** Returns how a visitor calls a task. */
export function nameTask(task: string): string {
  return TASKS[task] ?? task
}
