/** The weights as a file: what is written is read, and what is damaged is not. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { decodeClassifier, encodeClassifier } from '../../../../edge/routing/classifier/classifier-model.ts'
import { SHIPPED_WEIGHTS } from '../../../../llm/shipped-classifier.ts'

const file = new Uint8Array(readFileSync(SHIPPED_WEIGHTS))

test('writes what it has read', () => {
  expect(Buffer.compare(encodeClassifier(decodeClassifier(file)), file)).toBe(0)
})

test('keeps its thresholds in order: more complex requests kept away, a lower score', () => {
  const { recalls } = decodeClassifier(file)
  expect(recalls.length).toBeGreaterThan(5)
  expect(recalls.map(([recall]) => recall)).toEqual(
    recalls.map(([recall]) => recall).toSorted((a, b) => a - b),
  )
  expect(recalls.map(([, score]) => score)).toEqual(
    recalls.map(([, score]) => score).toSorted((a, b) => b - a),
  )
})

test('refuses what is damaged, cut off, of another format, or no such file', () => {
  const changed = (at: number, value: number) => {
    const copy = file.slice()
    copy[at] = value
    return copy
  }
  const last = file.length - 1
  expect(() => decodeClassifier(changed(last, ((file[last] ?? 0) + 1) & 255))).toThrow(/damaged/)
  expect(() => decodeClassifier(file.slice(0, -1))).toThrow(/damaged/)
  expect(() => decodeClassifier(file.slice(0, 6))).toThrow(/no file of/)
  expect(() => decodeClassifier(changed(20, 0))).toThrow(/another format/)
  expect(() => decodeClassifier(changed(0, 0))).toThrow(/no file of/)
})
