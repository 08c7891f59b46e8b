/**
 * The set phrases of small talk that the shipped model answers well: greetings, thanks, goodbyes, how are you. A text is
 * one only if every clause of it is; whatever else is said makes it something else. Jokes and questions about the
 * assistant are none: the answers to them are poor.
 */

const LONGEST = 160
const CLAUSE_ENDS = /[.!?,;:…\n()"]+|\s[-–—]\s|\p{Extended_Pictographic}\uFE0F?/gu

const GREETING =
  'hi+|hiya|hello+|hey+|heya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|morning|evening|welcome(?: back)?|long time no see'
const NEUTRAL =
  'there|again|everyone|everybody|all|friend|friends|mate|buddy|bot|assistant|team|folks|guys|number|once|more|to you|and|\\d{1,4}'
const HOW_ARE_YOU =
  "how are (?:you|things|ya)(?: (?:doing|today|feeling|going|this morning|tonight|all|then))*|how(?:'s| is) (?:it going|everything|life|your day(?: going)?|things)(?: (?:today|so far))?|how (?:have you been|was your (?:day|weekend|week|night)|do you do)|what'?s (?:up|new|good)|whats up|wass?up|sup"
const THANKS =
  '(?:ok |okay |great |many |a big )?(?:thanks?(?: you| u)?|thx|ty|cheers|much appreciated|i (?:really )?appreciate (?:it|that|your help))(?: (?:so much|very much|a lot|a bunch|again|for (?:everything|your help|the help|helping(?: me)?|that|your time|now|the info|your answer)|my friend|buddy|mate|you|and))*'
const PRAISE =
  "(?:(?:that|this|it)(?:'s| is| was)? )?(?:just |very |really |so |quite )?(?:great|good|nice|helpful|perfect|awesome|amazing|cool|wonderful|fantastic|lovely|excellent|brilliant|funny|interesting|kind of you)|you(?:'re| are)(?: (?:so|very|really|such|a|an|the))* (?:great|awesome|best|amazing|nice|kind|helpful|sweet|funny|smart|cool|welcome|good bot|star)|(?:good|great|nice) (?:job|work|bot|one|answer)|well done|that(?:'s| is) all(?: (?:i needed|for now|for today|then|thanks))?|no more questions"
const GOODBYE =
  '(?:good ?)?bye(?: (?:bye|for now|then|now|all))?|see (?:you|ya|u)(?: (?:later|soon|tomorrow|around|then))?|take care|have a (?:nice|good|great|lovely|wonderful) (?:day|evening|night|weekend|one|time)|talk (?:to you |soon|later)*(?:soon|later)?|good ?night|sleep well|ttyl|cya|farewell|later'
const MEETING =
  "(?:(?:it'?s |it is )?(?:so |very )?(?:nice|great|good|pleased|lovely|glad) to (?:meet|see|hear from|talk to|be talking to) you(?: (?:too|again|all))?)|happy (?:\\w+day|birthday|new year|holidays|weekend|easter)|merry christmas|(?:what a )?(?:nice|lovely|beautiful|great) (?:day|weather|morning)(?: today)?|it(?:'s| is) a (?:nice|lovely|beautiful|great) day(?: today)?|(?:isn'?t|is) it(?: not)?"
const IS_SOMEBODY_THERE = '(?:are )?you there|any(?:body|one) (?:there|home)'
const REACTION =
  "(?:and |i'?m |i am |we'?re |all |just |doing )*(?:fine|good|great|ok|okay|well|happy|bored|alright|not bad|so so)(?: (?:thanks|thank you|today|too|here|then))*|me too|same here|lol|lmao|(?:ha)+h?|(?:he)+h?|wow|oh|ah|aww+|cool|nice|sweet|i see|got it|understood|yay|hooray|test|testing|ping|hm+"

const CLAUSE = new RegExp(
  `^(?:(?:${GREETING})(?: (?:${NEUTRAL}))*|${[HOW_ARE_YOU, THANKS, PRAISE, GOODBYE, MEETING, IS_SOMEBODY_THERE, REACTION].join('|')})(?: (?:today|then|now|again|buddy|mate|friend|everyone|all|please|\\d{1,4}))*$`,
  'iu',
)
/** A clause that only says what a greeting in the clause before it began: "friend", "number 7". */
const REMNANT = new RegExp(`^(?:${NEUTRAL}|nice|my)(?: (?:${NEUTRAL}))*$`, 'iu')
/** "Hi Bob", with the capital letter that tells a name from a subject. */
const WITH_NAME =
  /^(?:[Hh]i|[Hh]ello|[Hh]ey|[Gg]ood (?:morning|afternoon|evening|night)|[Tt]hanks|[Tt]hank you|[Bb]ye|[Gg]oodbye) \p{Lu}\p{Ll}{1,20}$/u

/** "My name is Bob", "I am visitor 3". */
const INTRODUCTION =
  /^(?:[Mm]y name is|[Ii]'m|I am|[Tt]his is) (?:\p{Lu}\p{Ll}{1,20}|(?:visitor|user|guest|customer|number) \d{1,4})$/u

/** Whom a clause before it was addressed to. */
const NAME = /^\p{Lu}\p{Ll}{1,20}$/u

/** Says whether the whole text is made of set phrases. */
export function isSetPhrase(text: string): boolean {
  if (text.length > LONGEST) return false
  const clauses = text
    .split(CLAUSE_ENDS)
    .map((clause) => clause.replaceAll(/[’‘`]/g, "'").replaceAll(/\s+/g, ' ').trim())
    .filter((clause) => clause !== '')
  if (clauses.length === 0) return text.trim() !== '' && /\p{Extended_Pictographic}/u.test(text)
  return clauses.every(
    (clause, index) => isPhrase(clause) || (index > 0 && (REMNANT.test(clause) || NAME.test(clause))),
  )
}

/** Two phrases often stand side by side without a comma: "hello how are you", "thanks bye". */
function isPhrase(clause: string): boolean {
  if (CLAUSE.test(clause) || WITH_NAME.test(clause) || INTRODUCTION.test(clause)) return true
  const words = clause.split(' ')
  for (let cut = 1; cut < words.length && words.length <= MOST_WORDS; cut++)
    if (CLAUSE.test(words.slice(0, cut).join(' ')) && CLAUSE.test(words.slice(cut).join(' '))) return true
  return false
}

const MOST_WORDS = 14
