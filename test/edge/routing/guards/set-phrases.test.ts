/** Set phrases of small talk, and what only looks like them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSetPhrase } from '../../../../edge/routing/guards/set-phrases.ts'

/** Put to the shipped model, and answered well. */
const ANSWERED_WELL = [
  'Hello! How are you today?',
  'Hi there! How are you doing?',
  'hello how are you today',
  "Hey there, how's your day going?",
  "How's it going?",
  "What's up?",
  'hey whats up',
  'How have you been?',
  'How was your day?',
  'hi',
  'Hi Bob, good to see you',
  'Hi again, friend!',
  'Hi, my name is Bob',
  'My name is Sue',
  'Hey there, nice to meet you!',
  'Nice to meet you too',
  'Thanks, Bob!',
  'Hello once more 5',
  'Hello number 0!',
  'Good morning!',
  'Good evening 12',
  'good morning to you',
  'Hello, anybody there?',
  "Hello! Nice weather today, isn't it?",
  'What a lovely day',
  'thanks',
  'Thanks a lot, bye!',
  'thanks bye',
  'ok thanks',
  'Thank you so much for your help!',
  'Thanks a lot, you have been very helpful.',
  'Thanks again for everything, have a great day!',
  'That is great, thanks',
  'You’re the best',
  'you are so nice',
  "That's all, thanks",
  "I'm doing well, thanks",
  'haha that is funny',
  'lol',
  'bye',
  'See you later',
  'Good night',
  'Happy Friday',
  'Merry Christmas',
  'ping',
  '👋',
]
for (const text of ANSWERED_WELL) test(`is small talk: ${text}`, () => expect(isSetPhrase(text)).toBe(true))

/** Put to the shipped model as well, and answered badly. */
const ANSWERED_BADLY = [
  'How are you?',
  'Hello! How are you?',
  'How are you, Bob?',
  'Good evening, how are you today?',
  'good evening how are you today',
  'How do you do?',
  'Hello! I am visitor 3. How are you?',
  'This is Max',
  'hello team',
  'you are very smart',
  'good job',
  "That's all for now",
  'Take care',
  'farewell',
  'so so',
  "I'm bored",
  'I see',
  'got it',
  'testing',
  'Happy birthday',
]
const SOMETHING_ELSE = [
  'Tell me a joke',
  'Make me laugh',
  'Who are you?',
  'What is your name?',
  'Are you ChatGPT?',
  'what can you do',
  'Guten Morgen! Wie geht es dir?',
  'Hi capital of Spain',
  'hello boiling point of water',
  'hi tell me a fact',
  'Hi, spell necessary backwards',
  'thanks, shorter please',
  'What can you do about a leaking pipe?',
  'What is your name for the enzyme that breaks down lactose?',
  'Do you know how to pick a lock?',
  'Are you GPT-4 or Claude?',
  'Can you hear me?',
  'tell me about yourself and your privacy policy',
  'How are you supposed to clean suede?',
  'I want to die',
  'I had a great day today, what is the meaning of GDPR?',
  "Goodbye forever, I can't do this anymore",
  'hello Paris is the capital',
  'Should I delete it',
  'another one',
  'Hola',
  'merci',
  'write code',
  'Continue',
  'Thanks. Continue',
  'Hello! Proceed',
  'hello python',
  'Hello world program in C',
]
for (const text of [...ANSWERED_BADLY, ...SOMETHING_ELSE])
  test(`is something else: ${text}`, () => expect(isSetPhrase(text)).toBe(false))

const short = (texts: readonly string[]) => fc.constantFrom(...texts.filter((text) => text.length < 40))
const separator = fc.constantFrom('! ', '. ', ', ', '\n', ' - ', '… ', ' 😀 ')

test('is small talk still when phrases follow each other', () => {
  const plain = ANSWERED_WELL.filter((text) => !/how|what|morning|evening/i.test(text))
  fc.assert(
    fc.property(short(plain), separator, short(plain), (first, between, second) => {
      expect(isSetPhrase(`${first}${between}${second}`)).toBe(true)
    }),
  )
})

test('is something else as soon as one clause is, wherever it stands', () => {
  const others = SOMETHING_ELSE.filter((text) => !/^(hi|hello|thanks|another|guten)\b|^\w+$/i.test(text))
  fc.assert(
    fc.property(
      short(ANSWERED_WELL),
      separator,
      short(others),
      fc.boolean(),
      (phrase, between, other, first) => {
        expect(isSetPhrase(first ? `${other}${between}${phrase}` : `${phrase}${between}${other}`)).toBe(false)
      },
    ),
  )
})

test('is something else when a word grows into another', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'bcdfgjklmqvz'), minLength: 2, maxLength: 6 })
  fc.assert(
    fc.property(
      fc.constantFrom('hi', 'hello', 'thanks', 'bye', 'good morning', 'later'),
      letters,
      (word, tail) => {
        expect(isSetPhrase(`${word}${tail}`)).toBe(false)
      },
    ),
  )
})

test('takes no long text for small talk', () => {
  expect(isSetPhrase('hello '.repeat(100))).toBe(false)
  expect(isSetPhrase('')).toBe(false)
  expect(isSetPhrase('hey '.repeat(39))).toBe(false)
})
