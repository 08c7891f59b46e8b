/**
 * The set phrases of small talk that the shipped model answers well: each family was put to it, and what it answered
 * badly was left out (jokes, who it is, a bare "how are you?", names of teams, birthdays). A text is one only if every
 * clause of it is; whatever else is said makes it something else.
 */
import { straightened } from '../plain-text.ts'

const LONGEST = 160
const MOST_WORDS = 14
const CLAUSE_ENDS = /[.!?,;:…\n()"]+|\s[-–—]\s|\p{Extended_Pictographic}\uFE0F?/gu

const HELLO = 'hi+|hiya|hello+|hey+|heya|howdy|yo|greetings|welcome(?: back)?|long time no see'
const DAYTIME = '(?:good )?(?:morning|evening)|good (?:afternoon|day)'
const NEUTRAL =
  'there|again|everyone|everybody|all|friend|friends|mate|buddy|bot|assistant|number|once|more|to you|and|\\d{1,4}'
const HOW_ARE_YOU =
  "how are (?:you (?:doing|feeling)(?: today)?|you today|things)|how(?:'s| is) (?:it going|everything|your day(?: going)?)(?: today| so far)?|how (?:have you been|was your (?:day|weekend))|what'?s (?:up|new)|sup"
const THANKS =
  '(?:ok |okay |great |many |a big )?(?:thanks?(?: you| u)?|thx|cheers|much appreciated|i (?:really )?appreciate (?:it|that|your help))(?: (?:so much|very much|a lot|a bunch|again|for (?:everything|your help|the help|helping(?: me)?|that|your time|now|the info|your answer)|my friend|buddy|mate|you|and))*'
const PRAISE =
  "(?:(?:that|this|it)(?:'s| is| was)? )?(?:just |very |really |so |quite )?(?:great|good|nice|helpful|perfect|awesome|amazing|cool|wonderful|fantastic|lovely|excellent|brilliant|funny|interesting|kind of you)|you(?:'re| are)(?: (?:so|very|really|the|such|an?))* (?:great|awesome|best|amazing|nice|kind|helpful|welcome)|you have been (?:great|very helpful|so helpful)|nice work|good bot|well done|that(?:'s| is) all"
const GOODBYE =
  '(?:good ?)?bye(?: (?:bye|for now|then|now|all))?|see you(?: (?:later|soon|tomorrow|around|then))?|have a (?:nice|good|great|lovely|wonderful) (?:day|evening|night|weekend|one|time)|good ?night|sleep well|ttyl|later'
const MEETING =
  "(?:(?:so |very )?(?:nice|great|good|pleased|lovely|glad) to (?:meet|see) you(?: (?:too|again|all))?)|happy (?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|new year|holidays|weekend|easter)|merry christmas|(?:what a )?(?:nice|lovely|beautiful|great) (?:day|weather|morning)(?: today)?|it(?:'s| is) a (?:nice|lovely|beautiful|great) day(?: today)?|isn'?t it"
const IS_SOMEBODY_THERE = '(?:are )?you there|any(?:body|one) (?:there|home)'
const REACTION =
  "(?:(?:i'?m|i am|all|just|doing) ){0,3}(?:fine|good|great|ok|okay|well|happy|alright|not bad)(?: (?:thanks|thank you|today|too|here))*|lol|lmao|(?:ha)+h?|(?:he)+h?|wow|yay|hooray|ping"

const exactly = (...alternatives: readonly string[]) => new RegExp(`^(?:${alternatives.join('|')})$`, 'iu')

const CLAUSE = exactly(
  `(?:(?:${[HELLO, DAYTIME].join('|')})(?: (?:${NEUTRAL}))*|${[HOW_ARE_YOU, THANKS, PRAISE, GOODBYE, MEETING, IS_SOMEBODY_THERE, REACTION].join('|')})(?: (?:then|now|again|buddy|mate|friend|everyone|all|\\d{1,4}))*`,
)
const ASKS_HOW_IT_IS = new RegExp(`(?:${HOW_ARE_YOU})$`, 'iu')
const NAMES_DAYTIME = new RegExp(`^(?:${DAYTIME})\\b`, 'iu')
/** A clause that only says what a greeting in the clause before it began: "friend", "number 7". */
const REMNANT = exactly(`(?:${NEUTRAL}|nice|my)(?: (?:${NEUTRAL}))*`)
/** "Hi Bob", with the capital letter that tells a name from a subject. */
const WITH_NAME =
  /^(?:[Hh]i|[Hh]ello|[Hh]ey|[Gg]ood (?:morning|afternoon|evening|night)|[Tt]hanks|[Tt]hank you|[Bb]ye|[Gg]oodbye) \p{Lu}\p{Ll}{1,20}$/u
const INTRODUCTION = /^[Mm]y name is \p{Lu}\p{Ll}{1,20}$/u
/** Whom a phrase is addressed to; after a full stop the same word could be an order: "Thanks. Continue". */
const ADDRESSEE = /,\s{0,3}\p{Lu}\p{Ll}{1,20}(?=\s*(?:[.!?,…]|$))/gu

/** Says whether the whole text is made of set phrases. */
export function isSetPhrase(text: string): boolean {
  if (text.length > LONGEST) return false
  const clauses = text
    .replaceAll(ADDRESSEE, '')
    .split(CLAUSE_ENDS)
    .map((clause) => straightened(clause).replaceAll(/\s+/g, ' ').trim())
    .filter((clause) => clause !== '')
  if (clauses.length === 0) return text.trim() !== '' && /\p{Extended_Pictographic}/u.test(text)
  const areSetPhrases = clauses.every(
    (clause, index) => isPhrase(clause) || (index > 0 && REMNANT.test(clause)),
  )
  // "Good evening, how are you today?" is welcomed back by the model as somebody whom it has met.
  return areSetPhrases && !(NAMES_DAYTIME.test(clauses[0] ?? '') && clauses.some(asksHowItIs))
}

function asksHowItIs(clause: string): boolean {
  return ASKS_HOW_IT_IS.test(clause)
}

/** Two phrases often stand side by side without a comma: "hello how are you doing", "thanks bye". */
function isPhrase(clause: string): boolean {
  if (CLAUSE.test(clause) || WITH_NAME.test(clause) || INTRODUCTION.test(clause)) return true
  const words = clause.split(' ')
  for (let cut = 1; cut < words.length && words.length <= MOST_WORDS; cut++)
    if (CLAUSE.test(words.slice(0, cut).join(' ')) && CLAUSE.test(words.slice(cut).join(' '))) return true
  return false
}
