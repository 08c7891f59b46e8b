/**
 * Which running edge a command asks, and with whose key: `npm start`'s on this machine, or the one that is named. Asks
 * nothing.
 */
import { isOnThisMachine } from './doctor/finding.ts'
import type { Environment } from './settings/environment.ts'

export type RouterAddress = { readonly url: string; readonly headers: Readonly<Record<string, string>> }

const DEFAULT_PORT = '8787'

/**
 * Returns the address without a slash at its end, and the headers with the key; none where the edge here needs none.
 * @param named the address of another edge than the one that `npm start` starts
 * @throws {Error} with a message for people
 */
export function routerAddress(environment: Environment, named: string | undefined): RouterAddress {
  const port = environment.ROUTER_PORT?.trim() || DEFAULT_PORT
  const url = (named ?? `http://127.0.0.1:${port}`).trim().replace(/\/+$/, '').replace(/\/v1$/, '')
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Error('--url must be an address such as https://router.example')
  if (new URL(url).protocol === 'http:' && !isOnThisMachine(url))
    throw new Error(
      '--url must begin with https:// (http:// is for this machine only): the key is sent there',
    )
  const key = environment.ADMIN_KEY?.trim()
  if (key?.startsWith('sha256:'))
    throw new Error('ADMIN_KEY is a digest here. Give the key itself: ADMIN_KEY=… npm run …')
  return { url, headers: key ? { 'x-api-key': key } : {} }
}
