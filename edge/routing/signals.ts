/**
 * Measures of a request's text, each between 0 and 1, that speak for or against a small model.
 * Pure and linear in the text's length; which way each points is for `weights.ts` to say.
 */
import type { Features } from './features.ts'

export type Signals = Readonly<Record<SignalName, number>>

export const SIGNAL_NAMES = [
  'very_short',
  'small_talk',
  'easy_question',
  'summary_only',
  'greeting',
  'thanks',
  'about_the_assistant',
  'question_of_fact',
  'summary_request',
  'label_request',
  'passage_question',
  'opinion_chat',
  'code_request',
  'code_text',
  'language_name',
  'mathematics',
  'numbers',
  'proof_or_design',
  'reasoning_puzzle',
  'creative_request',
  'several_steps',
  'follow_up',
  'code_before',
  'not_latin',
  'imperative',
  'question_mark',
] as const
export type SignalName = (typeof SIGNAL_NAMES)[number]

const HEAD_CHARACTERS = 4_000
const TAIL_CHARACTERS = 2_000

// No pattern may begin anywhere inside a run (of letters, of line breaks): it would read the run once for each place.
const GREETING =
  /^\W*(hi+|hello|hey+|howdy|hiya|yo|sup|what'?s up|greetings|good (morning|evening|afternoon|night|day)|nice to meet you|bye+|goodbye|see (you|ya)|how are you|how'?s it going|welcome|hola|buenos d[ií]as|buenas|bonjour|salut|bonsoir|hallo|guten (tag|morgen|abend)|moin|servus|ciao|buongiorno|ol[aá]|bom dia|namaste|привет|здравствуй|добр(ое|ый)|你好|您好|早上好|晚上好|こんにちは|おはよう|こんばんは|안녕|مرحبا|السلام|नमस्ते|merhaba|selam|hej|ahoj|cześć)/iu
const THANKS =
  /\b(thanks?( you)?|thank u|thx|ty|cheers|much appreciated|appreciate|great job|well done|good job|awesome|perfect|that('?s| is) (great|good|nice|helpful|all)|you('re| are) (welcome|great|the best|so)|merci|danke|gracias|grazie|obrigad[oa]|teşekkür)\b|спасибо|谢谢|ありがとう|감사|شكرا/iu
const ABOUT_ASSISTANT =
  /\b(are you|do you|you('re| are)|can you|who (made|created|built) you|your (name|age|favou?rite|hobby|boss|family|friends?|opinion)|tell me about yourself|will you marry|i (love|hate|like) you|how old are you|where (do|are) you|what are you|who are you)\b|你(是|会|能|的|喜欢)|너|당신|あなた/iu
const QUESTION_OF_FACT =
  /^\W*(who|what|when|where|which|whose|how (many|much|old|long|far|tall|big|do you (say|spell))|what'?s|is|are|was|were|does|did|do|can|name|define|tell me (what|who|the)|qui|que|quel|wer|was|wann|wo|wie|quién|qué|cuándo|dónde|cu[aá]nto|кто|что|когда|где|сколько|谁|什么|哪)/iu
const SUMMARY =
  /\b(summar(y|ize|ise|izing|ising)|tl;?dr|in (one|a few|two|a single) sentences?|condense|shorten|key points?|main (idea|point)s?|headline|gist|recap|résum(é|er|ez)|zusammenfass\w*|resum(en|e|ir|a)|riassum\w+|boil (it|this) down)\b|概括|总结|摘要|кратко|резюм/iu
const LABEL =
  /\b(classif(y|ication)|sentiment|positive or negative|negative or positive|categor(y|ize|ise)|which (category|topic|label|language|class|area|section)|is (this|it|the) (a |an )?(review|spam|text|sentence|message|tweet|email|mail)|(yes or no|yes\/no|true or false)|label|spam|intent|the span only|answer with (the|one|only)|one word|what (kind|type) of|same (meaning|thing)|duplicates?|paraphrase)\b/iu
const PASSAGE =
  /\b(passage|paragraph|article|according to|based on|context|the text|the (above|following))\b/iu
const OPINION =
  /\b(i (like|love|think|heard|saw|watch(ed)?|feel|am|'m|had|just)|have you (seen|heard|ever)|did you (know|see|hear)|what about you|me too|wow|haha|lol|that('s| is) (interesting|funny|cool|crazy|true)|joke|favou?rite|bored)\b/iu
const CODE_REQUEST =
  /\b((write|implement|create|build|fix|debug|refactor|optimi[sz]e|port|convert|complete|generate)\b[^.?!\n]{0,80}\b(code|function|method|class|script|program|api|endpoint|query|regex|component|app|tests?|module|algorithm|bug|app|website|html|css|sql)|unit tests?|stack ?trace|compile|segfault|exception|null pointer|pull request|docker\w*|kubernetes|regex|recursi(ve|on)|quicksort|time complexity|big[- ]?o)\b/iu
const CODE_TEXT =
  /```|\bdef \w+\(|\bfunction \w*\(|=>|\bimport \w+|\b(const|let|var) \w+ ?=|#include|public (static|class|void)|\breturn [^.\n]*;|\bSELECT\b.+\bFROM\b|<\/?\w+>|\bclass \w+[:({ ]|\b\w+\.\w+\(|;\s*$|\{\s*$/m
const LANGUAGE_NAME =
  /\b(python|javascript|typescript|java|c\+\+|c#|golang|rust|ruby|php|kotlin|swift|haskell|bash|powershell|react|vue|django|flask|pandas|numpy|pytorch|terraform|sql|postgres\w*|mysql|mongodb|redis|aws|git|excel|latex|matlab)\b/iu
const MATHEMATICS =
  /\\(frac|sqrt|sum|int|begin|le|ge|text|cdot|left)|\$[^$\n]+\$|\b(solve|compute|calculate|evaluate|integral|derivative|equation|polynomial|matrix|theorem|probability|permutations?|triangle|circle|angle|divisible|remainder|prime|integers?|modulo|percent(age)?|average|total|each|twice|half|per (day|week|hour|month)|how (many|much)[^?]{30,})\b|сколько|多少|いくつ|combien/iu
const PROOF_OR_DESIGN =
  /\b(prove|proof|derive|explain (how|why|in detail|the difference)|analy[sz]e|analysis|evaluate|compare|contrast|critique|argue|discuss|design|architect(ure)?|plan|strateg(y|ies)|trade-?offs?|pros and cons|step[- ]by[- ]step|in depth|comprehensive|detailed|implications?|hypothesis|why (does|do|is|are|did|would|might))\b/iu
/** Never a short answer, however short the request. */
const DERIVATION = /\b(prove|proof of|derive)\b/iu
const PUZZLE =
  /\b(if (all|some|no)|therefore|deduc\w+|premise|valid or invalid|logically|which of the following|options?:|\(a\)|puzzle|riddle|knight|causation|counterfactual|must be true|contradict\w+|sarcas\w+|hyperbaton|disambiguat\w+)\b|\n[^\S\n]*\(?[A-D][).:]\s/iu
const CREATIVE =
  /\b(write|compose|create|draft|tell|generate|make up|imagine|invent)\b[^.?!\n]{0,60}\b(story|stories|poem|song|lyrics|haiku|essay|blog|article|speech|letter|email|dialogue|script|novel|review|post|tale|limerick|sonnet|screenplay|plot|chapter|name|slogan|ad|advert\w*|description)\b|写一?(首|篇|个)|故事|诗|续写|作文|напиши|escribe|écri(s|vez)|schreib/iu
const SEVERAL_STEPS =
  /\b(then|after that|finally|next|afterwards|once (that|you)|first[, ].*\b(then|second)|and (also|then)|as well as|step \d|both .* and)\b|\n[^\S\n]*(\d+[.)]|[-*•])\s/iu
/** What is to be done with the summary afterwards. */
const ANOTHER_STEP =
  /\b(and|then|also|,)\s+(then\s+)?(translate|turn|write|create|generate|compare|critique|evaluate|rate|analy[sz]e|explain|rewrite|convert|draft|list)\b/iu
const FOLLOW_UP =
  /^\W*(and|now|but|also|what about|how about|why|ok(ay)?[, ]|can you (also|now)|make it|change|fix|do (it|that|the same)|try again|again|continue|go on|explain|port|rewrite|add|instead|yes|please do|more|shorter|longer|what if|what happens)\b/iu
const IMPERATIVE =
  /^\W*(write|create|make|give|list|explain|describe|find|show|generate|implement|build|solve|compute|design|develop|plan|compare|translate|rewrite|convert|suggest|provide|act|imagine|prove|analy[sz]e|draft|outline|help me|please)\b/iu
const HARD = [CODE_REQUEST, CODE_TEXT, LANGUAGE_NAME, MATHEMATICS, PROOF_OR_DESIGN, PUZZLE, CREATIVE]
const NOT_LATIN = /[\u0370-\u1fff\u2e80-\ua4cf\uac00-\ud7ff]/gu

/** Returns every signal of a request. */
export function measureSignals(features: Features): Signals {
  const text = clip(features.lastUserText)
  const words = text.split(/\s+/).filter((word) => word !== '').length
  const characters = Math.max(features.lastUserText.length, 1)
  const has = (pattern: RegExp) => (pattern.test(text) ? 1 : 0)
  const chatty = GREETING.test(text) || THANKS.test(text) || ABOUT_ASSISTANT.test(text)
  const demanding = HARD.some((pattern) => pattern.test(text))
  const summaryOnly =
    SUMMARY.test(text) && !CODE_REQUEST.test(text) && !CREATIVE.test(text) && !ANOTHER_STEP.test(text)
  const hardBefore = CODE_TEXT.test(features.earlierText) && FOLLOW_UP.test(text)
  const derivation = DERIVATION.test(text)
  const smallTalk = chatty && characters < 160 && !demanding && !hardBefore
  return {
    very_short: characters <= 60 && !derivation ? 1 : 0,
    small_talk: smallTalk ? 1 : 0,
    easy_question: QUESTION_OF_FACT.test(text) && characters < 120 && !demanding && !hardBefore ? 1 : 0,
    summary_only: summaryOnly ? 1 : 0,
    greeting: GREETING.test(text) && characters < 200 ? 1 : 0,
    // Politeness after a demand makes it no easier.
    thanks: characters < 160 && !demanding ? has(THANKS) : 0,
    about_the_assistant: characters < 160 ? has(ABOUT_ASSISTANT) : 0,
    question_of_fact: characters < 160 ? has(QUESTION_OF_FACT) : 0,
    summary_request: has(SUMMARY),
    label_request: derivation ? 0 : has(LABEL),
    passage_question: characters > 300 ? has(PASSAGE) : 0,
    opinion_chat: characters < 300 ? has(OPINION) : 0,
    code_request: has(CODE_REQUEST),
    code_text: has(CODE_TEXT),
    language_name: has(LANGUAGE_NAME),
    // Figures and arguments in a text to be summarised are its matter, not the task.
    mathematics: summaryOnly ? 0 : has(MATHEMATICS),
    numbers: summaryOnly ? 0 : saturate(count(text, /\d+/g) / 8),
    proof_or_design: summaryOnly ? 0 : has(PROOF_OR_DESIGN),
    reasoning_puzzle: has(PUZZLE),
    creative_request: has(CREATIVE),
    several_steps: has(SEVERAL_STEPS),
    follow_up: features.turns > 1 && characters < 200 ? has(FOLLOW_UP) : 0,
    code_before: features.earlierText !== '' && CODE_TEXT.test(features.earlierText) ? 1 : 0,
    // A greeting is one in every script.
    not_latin: smallTalk ? 0 : saturate(count(text, NOT_LATIN) / Math.max(words, characters / 4)),
    imperative: has(IMPERATIVE),
    question_mark: /[?？]\s*$/.test(text) ? 1 : 0,
  }
}

/** The beginning and the end of a long text: what is asked stands there, what it is about in between. */
function clip(text: string): string {
  if (text.length <= HEAD_CHARACTERS + TAIL_CHARACTERS) return text
  return `${text.slice(0, HEAD_CHARACTERS)}\n${text.slice(-TAIL_CHARACTERS)}`
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}

function saturate(value: number): number {
  return Math.min(1, Math.max(0, value))
}
