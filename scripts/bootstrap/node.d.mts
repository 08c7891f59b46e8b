/** Types of node.mjs, which stays plain JavaScript because it runs on a Node that cannot read TypeScript. */
import type { Npm } from './install.mjs'

export function runsTypeScript(version: string): boolean
export function packageName(platform: string, arch: string): string
export function ensureNode(
  root: string,
  options: {
    say: (line: string) => void
    signal?: AbortSignal
    npm?: Npm
    own?: { version: string; path: string }
  },
): Promise<string>
