import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeFolder } from '../../../inference/models/make-folder.ts'

const scratch = mkdtempSync(join(tmpdir(), 'folders-'))
afterAll(() => rmSync(scratch, { recursive: true }))

test('makes a folder and those above it, and leaves one alone that is there', () => {
  const path = join(scratch, 'a/b/c')
  makeFolder(path)
  writeFileSync(join(path, 'kept'), '')
  makeFolder(path)
  expect(existsSync(join(path, 'kept'))).toBe(true)
})

test('a relative path is one of the working folder', () => {
  makeFolder('.')
  expect(statSync('.').isDirectory()).toBe(true)
})

test('fails where a file is in the way', () => {
  writeFileSync(join(scratch, 'file'), '')
  expect(() => makeFolder(join(scratch, 'file'))).toThrow(/EEXIST/)
  expect(() => makeFolder(join(scratch, 'file/below'))).toThrow(/EEXIST|ENOTDIR/)
})

test.skipIf(!existsSync('/proc/self'))(
  'fails where the folder above takes no folders, without trying for ever (Linux: /proc)',
  () => {
    expect(() => makeFolder('/proc/nothing/below')).toThrow(/ENOENT/)
  },
)
