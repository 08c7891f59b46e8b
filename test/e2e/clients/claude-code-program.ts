/**
 * Where Claude Code's program is. Its package's install script would copy the binary into place; no install script
 * runs here, so it is taken from the platform's own package.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../support/stack.ts'

const libc = process.platform === 'linux' && existsSync('/etc/alpine-release') ? '-musl' : ''

/** The package that holds the binary for this platform, whether or not it exists. */
export const CLAUDE_CODE_PACKAGE = `@anthropic-ai/claude-code-${process.platform}-${process.arch}${libc}`

/** Returns the folder of the program `claude`, or undefined where there is no binary for this platform. */
export function claudeCodeFolder(): string | undefined {
  const folder = join(ROOT, 'test/clients/node_modules', CLAUDE_CODE_PACKAGE)
  return existsSync(join(folder, 'claude')) ? folder : undefined
}
