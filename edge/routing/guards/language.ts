/**
 * Whether a text is English, as far as its letters and commonest words tell: enough to keep other languages from a model
 * that speaks none of them. Not a language detector: it does not say which other language it is.
 */

const LETTERS = /\p{L}/gu
const OTHER_SCRIPTS = /[\u0370-\u1fff\u2e80-\ua4cf\uac00-\ud7ff\ufb1d-\ufdff\ufe70-\ufeff]/gu
const FOREIGN_LETTERS = /[¿¡ßñãõåæøąćęłńśźżğışřěůőű]/iu
const WORD = /[\p{L}']+/gu

/** Words that begin or hold together the sentences of the languages most written on the web, and hardly English ones. */
const FOREIGN_WORDS = new Set(
  (
    'hola buenos buenas días gracias por favor qué cómo cuál dónde quién está estás soy eres tengo quiero puedes el los las del una para pero porque muy ' +
    'bonjour bonsoir salut merci ça va je tu vous nous est êtes suis les des une pour avec dans qui quoi comment pourquoi très oui non ' +
    'hallo guten tag morgen abend danke bitte wie geht dir ich du sie wir ist sind bin der das und nicht mit für ein eine was wer warum ja nein fasse zusammen auf deutsch immer antworte bist dein ihr uns auch ' +
    'olá obrigado obrigada bom dia boa tarde noite você tudo bem não sim uma com isso ' +
    'ciao buongiorno buonasera grazie come stai sono sei che cosa perché molto per favore il gli della ' +
    'hoi goedemorgen dank je wel hoe gaat het ik jij niet een en van ' +
    'hej tack tak hur mår är och inte jag du det att ' +
    'cześć dzień dobry dziękuję jak się masz nie jest tak ' +
    'merhaba selam teşekkürler nasılsın evet hayır bir ve ' +
    'ahoj děkuji dobrý den jak se máš'
  ).split(' '),
)
/** The same for English; words that both lists share count for neither. */
const ENGLISH_WORDS = new Set(
  'the a an is are was were am be i you he she it we they my your his her our their this that these those and or but not of to in on at for with from by as do does did have has had can could will would what who when where why how hi hello hey thanks thank please good morning evening night yes no me'.split(
    ' ',
  ),
)
const LOOKED_AT = 600
const OTHER_SCRIPT_SHARE = 0.2

/** Says whether `text` is English, or too short or too neutral to tell. */
export function looksEnglish(text: string): boolean {
  const beginning = text.slice(0, LOOKED_AT)
  const letters = beginning.match(LETTERS)?.length ?? 0
  if (letters === 0) return true
  if ((beginning.match(OTHER_SCRIPTS)?.length ?? 0) / letters > OTHER_SCRIPT_SHARE) return false
  let english = 0
  let foreign = FOREIGN_LETTERS.test(beginning) ? 1 : 0
  for (const word of beginning.toLowerCase().match(WORD) ?? []) {
    const isEnglish = ENGLISH_WORDS.has(word)
    const isForeign = FOREIGN_WORDS.has(word)
    if (isEnglish && !isForeign) english++
    else if (isForeign && !isEnglish) foreign++
  }
  // A question about a foreign phrase is still a question in English.
  return foreign === 0 || (english > 0 && english >= foreign)
}
