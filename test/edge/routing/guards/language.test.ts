/** Telling English from the rest, as far as a model that speaks nothing else needs it. */
import { expect, test } from 'vitest'
import { looksEnglish } from '../../../../edge/routing/guards/language.ts'

const ENGLISH = [
  'Hello! How are you today?',
  'Thanks a lot, bye!',
  'hi',
  'ok',
  '👋',
  '42',
  'I had a great day at the café.',
  'What does "Guten Morgen" mean?',
  'Summarize: The council met on Friday and decided to close the ferry.',
]
const OTHER = [
  '안녕하세요',
  'مرحبا',
  '谢谢',
  'नमस्ते',
  'Привет',
  'Γεια σου',
  'Hola, ¿cómo estás?',
  'Bonjour, ça va ?',
  'Tak!',
  'Guten Morgen!',
  'Cześć',
  'bitte fasse zusammen: Der Hund lief.',
  'Olá, tudo bem?',
  'Ciao, come stai?',
]

for (const text of ENGLISH)
  test(`takes ${JSON.stringify(text)} for English`, () => expect(looksEnglish(text)).toBe(true))
for (const text of OTHER)
  test(`takes ${JSON.stringify(text)} for another language`, () => expect(looksEnglish(text)).toBe(false))
