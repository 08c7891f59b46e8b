/**
 * The words and forms by which signals recognise what a request is about. Patterns only; what they weigh is for training
 * to say. No pattern may begin anywhere inside a run (of letters, of line breaks): it would read the run once for each
 * place.
 */

/** Greetings, thanks and other politeness at the beginning of a text, with the punctuation after it. */
export const POLITENESS =
  /^\W*(?:(?:hi+|hello|hey+|howdy|hiya|greetings|good (?:morning|evening|afternoon|night|day)|thanks?(?: you)?(?: (?:so|very) much| a lot| again)?|thank u|thx|cheers|please|ok(?:ay)?|great|perfect|awesome|cool|hola|bonjour|salut|hallo|guten (?:tag|morgen|abend)|ciao|olá|namaste|привет|你好|您好|こんにちは|안녕하세요|merci|danke|gracias|grazie|obrigad[oa]|спасибо|谢谢|ありがとう)(?![\p{L}\p{N}])(?: (?:there|again|everyone|all|friend|mate|bot|buddy))?[\s,.!:;-]*)+/iu

export const GREETING =
  /^\W*(hi+|hello|hey+|howdy|hiya|yo|sup|what'?s up|greetings|good (morning|evening|afternoon|night|day)|nice to meet you|bye+|goodbye|see (you|ya)|how are you|how'?s it going|welcome|hola|buenos d[ií]as|buenas|bonjour|salut|bonsoir|hallo|guten (tag|morgen|abend)|moin|servus|ciao|buongiorno|ol[aá]|bom dia|namaste|привет|здравствуй|добр(ое|ый)|你好|您好|早上好|晚上好|こんにちは|おはよう|こんばんは|안녕|مرحبا|السلام|नमस्ते|merhaba|selam|hej|ahoj|cześć)/iu
export const THANKS =
  /\b(thanks?( you)?|thank u|thx|ty|cheers|much appreciated|appreciate|great job|well done|good job|awesome|perfect|that('?s| is) (great|good|nice|helpful|all)|you('re| are) (welcome|great|the best|so)|merci|danke|gracias|grazie|obrigad[oa]|teşekkür)\b|спасибо|谢谢|ありがとう|감사|شكرا/iu
export const ABOUT_ASSISTANT =
  /\b(are you|do you|you('re| are)|can you|who (made|created|built) you|your (name|age|favou?rite|hobby|boss|family|friends?|opinion)|tell me about yourself|will you marry|i (love|hate|like) you|how old are you|where (do|are) you|what are you|who are you)\b|你(是|会|能|的|喜欢)|너|당신|あなた/iu
export const QUESTION_OF_FACT =
  /^\W*(who|what|when|where|which|whose|how (many|much|old|long|far|tall|big|do you (say|spell))|what'?s|is|are|was|were|does|did|do|can|name|define|tell me (what|who|the)|qui|que|quel|wer|was|wann|wo|wie|quién|qué|cuándo|dónde|cu[aá]nto|кто|что|когда|где|сколько|谁|什么|哪)/iu
export const SUMMARY =
  /\b(summar(y|ize|ise|izing|ising)|sum (this |it |that )?up|tl;?dr|in (one|a few|two|a single) sentences?|condense|shorten|key points?|main (idea|point)s?|headline|gist|recap|résum(é|er|ez)|zusammenfass\w*|resum(en|e|ir|a)|riassum\w+|boil (it|this) down)\b|概括|总结|摘要|кратко|резюм/iu
export const LABEL =
  /\b(classif(y|ication)|sentiment|positive or negative|negative or positive|categor(y|ize|ise)|which (category|topic|label|language|class|area|section)|is (this|it|the) (a |an )?(review|spam|text|sentence|message|tweet|email|mail)|(yes or no|yes\/no|true or false)|label|spam|intent|the span only|answer with (the|one|only)|one word|what (kind|type) of|same (meaning|thing)|duplicates?|paraphrase)\b/iu
export const PASSAGE =
  /\b(passage|paragraph|article|according to|based on|context|the text|the (above|following))\b/iu
export const OPINION =
  /\b(i (like|love|think|heard|saw|watch(ed)?|feel|am|'m|had|just)|have you (seen|heard|ever)|did you (know|see|hear)|what about you|me too|wow|haha|lol|that('s| is) (interesting|funny|cool|crazy|true)|joke|favou?rite|bored)\b/iu
export const CODE_REQUEST =
  /\b((write|implement|create|build|fix|debug|refactor|optimi[sz]e|port|convert|complete|generate)\b[^.?!\n]{0,80}\b(code|function|method|class|script|program|api|endpoint|query|regex|component|app|tests?|module|algorithm|bug|app|website|html|css|sql)|unit tests?|stack ?trace|compile|segfault|exception|null pointer|pull request|docker\w*|kubernetes|regex|recursi(ve|on)|quicksort|time complexity|big[- ]?o)\b/iu
export const CODE_TEXT =
  /```|\bdef \w+\(|\bfunction \w*\(|=>|\bimport \w+|\b(const|let|var) \w+ ?=|#include|public (static|class|void)|\breturn [^.\n]*;|\bSELECT\b.+\bFROM\b|<\/?\w+>|\bclass \w+[:({ ]|\b\w+\.\w+\(|;\s*$|\{\s*$/m
export const LANGUAGE_NAME =
  /\b(python|javascript|typescript|java|c\+\+|c#|golang|rust|ruby|php|kotlin|swift|haskell|bash|powershell|react|vue|django|flask|pandas|numpy|pytorch|terraform|sql|postgres\w*|mysql|mongodb|redis|aws|git|excel|latex|matlab)\b/iu
export const MATHEMATICS =
  /\d\s*[-+*×÷/^]\s*\d|\d\s*%|\\(frac|sqrt|sum|int|begin|le|ge|text|cdot|left)|\$[^$\n]+\$|\b(solve|compute|calculate|evaluate|integral|derivative|equation|polynomial|matrix|theorem|probability|permutations?|triangle|circle|angle|divisible|remainder|prime|integers?|modulo|percent(age)?|average|total|each|twice|half|per (day|week|hour|month)|how (many|much)[^?]{30,})\b|сколько|多少|いくつ|combien/iu
export const PROOF_OR_DESIGN =
  /\b(prove|proof|derive|explain (how|why|in detail|the difference)|analy[sz]e|analysis|evaluate|compare|contrast|critique|argue|discuss|design|architect(ure)?|plan|strateg(y|ies)|trade-?offs?|pros and cons|step[- ]by[- ]step|in depth|comprehensive|detailed|implications?|hypothesis|why (does|do|is|are|did|would|might))\b/iu
/** Never a short answer, however short the request. */
export const DERIVATION = /\b(prove|proof of|derive)\b/iu
export const PUZZLE =
  /\b(if (all|some|no)|therefore|deduc\w+|premise|valid or invalid|logically|which of the following|options?:|\(a\)|puzzle|riddle|knight|causation|counterfactual|must be true|contradict\w+|sarcas\w+|hyperbaton|disambiguat\w+)\b|\n[^\S\n]*\(?[A-D][).:]\s/iu
export const CREATIVE =
  /\b(write|compose|create|draft|tell|generate|make up|imagine|invent)\b[^.?!\n]{0,60}\b(story|stories|poem|song|lyrics|haiku|essay|blog|article|speech|letter|email|dialogue|script|novel|review|post|tale|limerick|sonnet|screenplay|plot|chapter|name|slogan|ad|advert\w*|description)\b|写一?(首|篇|个)|故事|诗|续写|作文|напиши|escribe|écri(s|vez)|schreib/iu
export const SEVERAL_STEPS =
  /\b(then|after that|finally|next|afterwards|once (that|you)|first[, ].*\b(then|second)|and (also|then)|as well as|step \d|both .* and)\b|\n[^\S\n]*(\d+[.)]|[-*•])\s/iu
/** What is to be done with the summary afterwards. */
export const ANOTHER_STEP =
  /\b(and|then|also|,)\s+(then\s+)?(translate|turn|write|create|generate|compare|critique|evaluate|rate|analy[sz]e|explain|rewrite|convert|draft|list)\b/iu
export const FOLLOW_UP =
  /^\W*(and|now|but|also|what about|how about|why|ok(ay)?[, ]|can you (also|now)|make it|change|fix|do (it|that|the same)|try again|again|continue|go on|explain|port|rewrite|add|instead|yes|please do|more|shorter|longer|what if|what happens)\b/iu
export const IMPERATIVE =
  /^\W*(write|create|make|give|list|explain|describe|find|show|generate|implement|build|solve|compute|design|develop|plan|compare|translate|rewrite|convert|suggest|provide|act|imagine|prove|analy[sz]e|draft|outline|help me|please)\b/iu
export const HARD = [CODE_REQUEST, CODE_TEXT, LANGUAGE_NAME, MATHEMATICS, PROOF_OR_DESIGN, PUZZLE, CREATIVE]
export const NOT_LATIN = /[\u0370-\u1fff\u2e80-\ua4cf\uac00-\ud7ff]/gu
