/** Types of lock.mjs, which stays plain JavaScript because it runs before anything is installed. */
export function withLock<T>(
  file: string,
  work: () => Promise<T>,
  options?: { onWait?: (owner: number) => void; signal?: AbortSignal },
): Promise<T>
export function tryLock(file: string): { release?: () => void; owner?: number }
