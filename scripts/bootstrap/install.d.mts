/** Types of install.mjs, which stays plain JavaScript because it runs before anything is installed. */
export class InstallError extends Error {}
export type Npm = (
  args: string[],
  options: { directory: string; signal?: AbortSignal },
) => Promise<{ ok: boolean; output: string }>
export function ensureDependencies(
  directory: string,
  options: {
    say: (line: string) => void
    signal?: AbortSignal
    what?: string
    optional?: boolean
    npm?: Npm
  },
): Promise<void>
export function isInstalled(directory: string): boolean
