/**
 * Asks many objects, a few at a time, and goes on without those that do not answer where whoever asks wants to be told of them.
 * Knows nothing of what is asked.
 */
import { RouterError } from '../../shared/errors.ts'
import type { Place } from './places.ts'

/** Whose part of which month an answer lacks; the month is null for what is kept in sums only. */
export type Unread = { readonly tenant: string; readonly month: string | null }

/** Told of every object that could not be read. */
export type OnUnread = (unread: Unread) => void

type Asked = Pick<Place, 'tenant'> & { readonly month?: string | undefined }

/** An isolate may have few connections, and an object in trouble shall not hold the others up. */
const AT_ONCE = 16

/**
 * Returns the answers, in no order, without those of objects that cannot be read.
 * @throws what the first failure was where nobody is told of it (`onUnread`), where no object at all can be read, or where the
 *   question itself is wrong
 */
export async function readObjects<P extends Asked, T>(
  objects: readonly P[],
  read: (object: P) => Promise<T>,
  onUnread: OnUnread | undefined,
): Promise<readonly T[]> {
  const answers: T[] = []
  const failures: { readonly object: P; readonly error: unknown }[] = []
  const waiting = objects.values()
  const work = async () => {
    for (const object of waiting)
      try {
        answers.push(await read(object))
      } catch (error) {
        if (onUnread === undefined || isOfTheQuestion(error)) throw error
        failures.push({ object, error })
      }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, objects.length) }, work))
  const [first] = failures
  if (first !== undefined && answers.length === 0) throw first.error
  for (const { object } of failures) onUnread?.({ tenant: object.tenant, month: object.month ?? null })
  return answers
}

function isOfTheQuestion(error: unknown): boolean {
  return error instanceof RouterError && error.code === 'invalid_request'
}
