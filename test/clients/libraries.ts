/**
 * Every client library that is tested, in one list.
 */
import { aiSdkAnthropic, aiSdkOpenAi, aiSdkOpenAiCompatible } from './ai-sdk.ts'
import { anthropicSdk0, anthropicSdk1 } from './anthropic-sdk.ts'
import { langChainAnthropic, langChainOpenAi, langChainResponses } from './langchain.ts'
import type { Library } from './library.ts'
import { openAiAgents } from './openai-agents.ts'
import { openAiResponses } from './openai-responses.ts'
import { openAiSdk } from './openai-sdk.ts'

export const LIBRARIES: readonly Library[] = [
  anthropicSdk1,
  anthropicSdk0,
  openAiSdk,
  openAiResponses,
  openAiAgents,
  aiSdkAnthropic,
  aiSdkOpenAiCompatible,
  aiSdkOpenAi,
  langChainAnthropic,
  langChainOpenAi,
  langChainResponses,
]
