/**
 * Whether the router marks prompts for Claude's prompt cache: the values of the setting and of tenants' policies.
 */
export const PROMPT_CACHE_MODES = ['auto', 'off'] as const
export type PromptCacheMode = (typeof PROMPT_CACHE_MODES)[number]
