/**
 * Keeps this process alive while something is awaited: the model's process and its loading do not, so that an idle
 * router lets a program end, and Node would end in the middle of an answer.
 */

/** The longest interval that timers know, ms. */
const FOREVER_MS = 2 ** 31 - 1

/** Returns what `work` resolves to. */
export async function keepAlive<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, FOREVER_MS)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}
