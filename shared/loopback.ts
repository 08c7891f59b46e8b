/**
 * Names of this machine's loopback in a Host header. Where nobody needs a key only these are answered: a page on another
 * host whose name has been pointed at 127.0.0.1 (DNS rebinding) would otherwise be let in.
 */

const LOOPBACK = /^(localhost|[\w-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i

/** Says whether a Host header names this machine's loopback. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host)
}
