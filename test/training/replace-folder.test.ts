import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { replaceFolder } from '../../training/replace-folder.ts'

let folder: string
let source: string
let target: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replace-folder-'))
  source = join(folder, 'new')
  target = join(folder, 'model')
  write(join(target, 'onnx'), { 'model.onnx': 'old', 'activations.json': 'old' })
  write(target, { LICENSE: 'kept' })
  write(join(source, 'onnx'), { 'model.onnx': 'new' })
  write(source, { 'tuned.npz': 'not a model file' })
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('replaceFolder', () => {
  it('replaces what the source has and keeps what only the target has', () => {
    replaceFolder(source, target, (path) => !path.endsWith('.npz'))
    expect(readFileSync(join(target, 'onnx/model.onnx'), 'utf8')).toBe('new')
    expect(readFileSync(join(target, 'onnx/activations.json'), 'utf8')).toBe('old')
    expect(readFileSync(join(target, 'LICENSE'), 'utf8')).toBe('kept')
    expect(existsSync(join(target, 'tuned.npz'))).toBe(false)
    expect(readdirSync(folder).sort()).toEqual(['model', 'new'])
  })

  it('leaves the target whole where copying fails half-way', () => {
    const failing = (path: string) => {
      if (path.endsWith('.npz')) throw new Error('stopped')
      return true
    }
    expect(() => replaceFolder(source, target, failing)).toThrow('stopped')
    expect(readFileSync(join(target, 'onnx/model.onnx'), 'utf8')).toBe('old')
    expect(existsSync(join(target, 'tuned.npz'))).toBe(false)
  })

  it('starts anew after an attempt that was stopped', () => {
    write(`${target}.next`, { 'half.json': 'of another attempt' })
    replaceFolder(source, target, () => true)
    expect(existsSync(join(target, 'half.json'))).toBe(false)
    expect(readFileSync(join(target, 'onnx/model.onnx'), 'utf8')).toBe('new')
  })
})

function write(into: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(into, { recursive: true })
  for (const [name, content] of Object.entries(files)) writeFileSync(join(into, name), content)
}
