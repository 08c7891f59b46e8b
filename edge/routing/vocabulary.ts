/**
 * The words and forms by which signals recognise what a request is about. Patterns only; what they weigh is for training
 * to say. Written for plain text (`plain-text.ts`: lower case, straight apostrophes), except CODE_TEXT.
 *
 * Every word list ends at the end of a word, or "history" would be a greeting and "island" a question. No pattern may
 * begin anywhere inside a run or look further than a bounded number of characters ahead: it would read the text once for
 * each place.
 */

const END = '(?![\\p{L}\\p{N}])'
/** `beginnings` need no end of a word after them: scripts without spaces between words have none. */
const atOpening = (words: string, beginnings?: string) =>
  new RegExp(`^(?:(?:${words})${END}${beginnings === undefined ? '' : `|${beginnings}`})`, 'u')

const HELLO =
  'hi+|hello+|hey+|howdy|hiya|greetings|good (?:morning|evening|afternoon|night|day)|hola|bonjour|salut|hallo|guten (?:tag|morgen|abend)|ciao|olá|namaste|привет'
const HELLO_UNSPACED = '你好|您好|こんにちは|안녕하세요'
const THANK_YOU =
  'thanks?(?: you)?(?: (?:so|very) much| a lot| again)?|thank u|thx|cheers|merci|danke|gracias|grazie|obrigad[oa]|спасибо'
const THANK_YOU_UNSPACED = '谢谢|ありがとう'

/** Greetings, thanks and other politeness at the beginning of a text, with the punctuation after it. */
export const POLITENESS = new RegExp(
  `^[^\\p{L}\\p{N}]*(?:(?:(?:${HELLO}|${THANK_YOU}|please|ok(?:ay)?|great|perfect|awesome|cool)${END}|(?:${HELLO_UNSPACED}|${THANK_YOU_UNSPACED})${END})(?: (?:there|again|everyone|all|friend|mate|bot|buddy)${END})?[\\s,.!:;-]*)+`,
  'u',
)
/** At the beginning of a text whose opening punctuation has been cut off, as all that begin at `^` here. */
export const GREETING = atOpening(
  `${HELLO}|yo|sup|what'?s up|nice to meet you|bye+|goodbye|see (?:you|ya)|how are you|how'?s it going|welcome|buenos d[ií]as|buenas|bonsoir|moin|servus|buongiorno|ola|bom dia|здравствуй(?:те)?|добр(?:ое|ый)|merhaba(?:lar)?|selam(?:lar)?|hej|ahoj|cześć`,
  '你好|您好|早上好|晚上好|こんにちは|おはよう|こんばんは|안녕|مرحبا|السلام|नमस्ते',
)
export const THANKS =
  /\b(thanks?( you)?|thank u|thx|ty|cheers|much appreciated|appreciate|great job|well done|good job|awesome|perfect|that('?s| is) (great|good|nice|helpful|all)|you('re| are) (welcome|great|the best|so)|merci|danke|gracias|grazie|obrigad[oa]|teşekkür(ler)?)\b|спасибо|谢谢|ありがとう|감사|شكرا/
export const ABOUT_ASSISTANT =
  /\b(are you|do you|you('re| are)|can you|who (made|created|built) you|your (name|age|favou?rite|hobby|boss|family|friends?|opinion)|tell me about yourself|will you marry|i (love|hate|like) you|how old are you|where (do|are) you|what are you|who are you)\b|你(是|会|能|的|喜欢)|너|당신|あなた/
export const QUESTION_OF_FACT = atOpening(
  "who|what|when|where|which|whose|how (?:many|much|old|long|far|tall|big|do you (?:say|spell))|what'?s|is|are|was|were|does|did|do|can|name|define|tell me (?:what|who|the)|qui|que|quel(?:le)?|wer|wann|wo|wie|quién|qué|cuándo|dónde|cu[aá]nto|кто|что|когда|где|сколько",
  '谁|什么|哪',
)
export const SUMMARY =
  /\b(summar(y|ize|ise|izing|ising)|sum (this |it |that )?up|tl;?dr|in (one|a few|two|a single) sentences?|condense|shorten|key points?|main (idea|point)s?|headline|gist|recap|zusammenfass\w*|resum(en|e|ir|a)|riassum\w+|boil (it|this) down)\b|\brésum|概括|总结|摘要|кратко|резюм/
export const LABEL =
  /\b(classif(y|ication)|sentiment|positive or negative|negative or positive|categor(y|ize|ise)|which (category|topic|label|language|class|area|section)|is (this|it|the) (a |an )?(review|spam|text|sentence|message|tweet|email|mail)|(yes or no|yes\/no|true or false)|label|spam|intent|the span only|answer with (the|one|only)|one word|what (kind|type) of|same (meaning|thing)|duplicates?|paraphrase)\b/
export const PASSAGE =
  /\b(passage|paragraph|article|according to|based on|context|the text|the (above|following))\b/
export const OPINION =
  /\b(i (like|love|think|heard|saw|watch(ed)?|feel|am|'m|had|just)|have you (seen|heard|ever)|did you (know|see|hear)|what about you|me too|wow|haha|lol|that('s| is) (interesting|funny|cool|crazy|true)|joke|favou?rite|bored)\b/
export const CODE_REQUEST =
  /\b((write|implement|create|build|fix|debug|refactor|optimi[sz]e|port|convert|complete|generate)\b[^.?!\n]{0,60}\b(code|function|method|class|script|program|api|endpoint|query|regex|component|app|tests?|module|algorithm|bug|website|html|css|sql)|unit tests?|stack ?trace|compile|segfault|exception|null pointer|pull request|docker\w*|kubernetes|regex|recursi(ve|on)|quicksort|time complexity|big[- ]?o)\b/
/** For the text as it was written: SQL shouts, prose does not. */
export const CODE_TEXT =
  /```|\bdef \w+\(|\bfunction \w*\(|=>|\bimport \w+|\b(const|let|var) \w+ ?=|#include|public (static|class|void)|\breturn [^.;\n]{0,60};|\bSELECT\b[^\n]{1,80}\bFROM\b|<\/?\w+>|\bclass \w+[:({ ]|\b\w+\.\w+\(|;[^\S\n]*$|\{[^\S\n]*$/m
export const LANGUAGE_NAME =
  /\b(python|javascript|typescript|java|golang|rust|ruby|php|kotlin|swift|haskell|bash|powershell|react|vue|django|flask|pandas|numpy|pytorch|terraform|sql|postgres\w*|mysql|mongodb|redis|aws|git|excel|latex|matlab)\b|\bc(\+\+|#)/
export const MATHEMATICS =
  /\d\s*[-+*×÷/^]\s*\d|\d\s*%|\\(frac|sqrt|sum|int|begin|le|ge|text|cdot|left)|\$[^$\n]{1,200}\$|\b(solve|compute|calculate|evaluate|integral|derivative|equation|polynomial|matrix|theorem|probability|permutations?|triangle|circle|angle|divisible|remainder|prime|integers?|modulo|percent(age)?|average|total|each|twice|half|per (day|week|hour|month)|how (many|much)[^?]{30,60})\b|сколько|多少|いくつ|combien/
export const PROOF_OR_DESIGN =
  /\b(prove|proof|derive|explain (how|why|in detail|the difference)|analy[sz]e|analysis|evaluate|compare|contrast|critique|argue|discuss|design|architect(ure)?|plan|strateg(y|ies)|trade-?offs?|pros and cons|step[- ]by[- ]step|in depth|comprehensive|detailed|implications?|hypothesis|why (does|do|is|are|did|would|might))\b/
/** Never a short answer, however short the request. */
export const DERIVATION = /\b(prove|proof of|derive)\b/
export const PUZZLE =
  /\b(if (all|some|no)|therefore|deduc\w+|premise|valid or invalid|logically|which of the following|puzzle|riddle|knight|causation|counterfactual|must be true|contradict\w+|sarcas\w+|hyperbaton|disambiguat\w+)\b|\boptions?:|\(a\)|\n[^\S\n]*\(?[a-d][).:]\s/
export const CREATIVE =
  /\b(write|compose|create|draft|tell|generate|make up|imagine|invent)\b[^.?!\n]{0,60}\b(story|stories|poem|song|lyrics|haiku|essay|blog|article|speech|letter|email|dialogue|script|novel|review|post|tale|limerick|sonnet|screenplay|plot|chapter|name|slogan|ad|advert\w*|description)\b|写一?(首|篇|个)|故事|诗|续写|作文|напиши|\bescribe\b|\bécri(s|vez)\b|\bschreib/
export const SEVERAL_STEPS =
  /\b(then|after that|finally|next|afterwards|once (that|you)|and (also|then)|as well as|step \d|both [^\n]{0,60} and)\b|\n[^\S\n]*(\d+[.)]|[-*•])\s/
/** What is to be done with the summary afterwards. */
export const ANOTHER_STEP =
  /(\b(and|then|also)|,)\s{1,3}(then\s{1,3})?(translate|turn|write|create|generate|compare|critique|evaluate|rate|analy[sz]e|explain|rewrite|convert|draft|list)\b/
export const FOLLOW_UP = atOpening(
  'and|now|but|also|what about|how about|why|can you (?:also|now)|make it|change|fix|do (?:it|that|the same)|try again|again|continue|go on|explain|port|rewrite|add|instead|yes|please do|more|shorter|longer|what if|what happens',
  'ok(?:ay)?[, ]',
)
export const IMPERATIVE = atOpening(
  'write|create|make|give|list|explain|describe|find|show|generate|implement|build|solve|compute|design|develop|plan|compare|translate|rewrite|convert|suggest|provide|act|imagine|prove|analy[sz]e|draft|outline|help me|please',
)
export const NOT_LATIN = /[\u0370-\u1fff\u2e80-\ua4cf\uac00-\ud7ff]/g
