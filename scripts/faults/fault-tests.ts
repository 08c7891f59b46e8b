/**
 * Finds the tests that carry the number of a fault: a name, or a case of a table, that begins with F and digits. Reads the
 * test files' text; runs nothing.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export type FaultTest = {
  /** Numbers of the faults that it shows. */
  readonly faults: readonly number[]
  /** What follows the numbers. */
  readonly name: string
  /** From the root, with slashes. */
  readonly file: string
}

const NAME = /(['`])((?:F\d+ )+)((?:(?!\1)[^\\\n]|\\.)+)\1/g

/** Returns the tests under `root`/test, by file and place. */
export function findFaultTests(root: string): FaultTest[] {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
    .toSorted()
    .flatMap((path) => {
      const file = relative(root, join(root, 'test', path)).replaceAll('\\', '/')
      return readFaultTests(readFileSync(join(root, file), 'utf8'), file)
    })
}

/** Returns the tests that the text of one file names. */
export function readFaultTests(text: string, file: string): FaultTest[] {
  return [...text.matchAll(NAME)].map(([, , numbers = '', name = '']) => ({
    faults: [...numbers.matchAll(/\d+/g)].map(Number),
    name,
    file,
  }))
}
