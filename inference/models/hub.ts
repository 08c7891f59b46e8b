/**
 * The model hub over HTTP: what it says of a file, and the file's bytes. Tells a network's login page from the hub.
 * Writes nothing to disk.
 */
import { RouterError } from '../../shared/errors.ts'
import { type Checksum, checksumOf } from './verify.ts'

export const DEFAULT_HUB_URL = 'https://huggingface.co'

export type HubOptions = {
  readonly fetch: typeof fetch
  readonly hubUrl: string
  /** Access token for gated models; only ever sent to the default hub. */
  readonly token?: string | undefined
  readonly signal?: AbortSignal
}

export type RemoteFile = {
  readonly file: string
  /** 0 where the hub does not say. */
  readonly bytes: number
  /** As the hub states it. */
  readonly checksum: Checksum | undefined
  /** The commit that the revision names at this moment. */
  readonly commit: string | undefined
}

export type Hub = {
  /**
   * Returns what the hub says of a file, undefined if it has none or does not show it.
   * @throws {RouterError} `unavailable` if the hub cannot be reached, fails, or something else answers in its place
   */
  readonly describe: (revision: string, file: string) => Promise<RemoteFile | undefined>
  /**
   * Returns the response with the file's bytes from `start` on; status 206 where `start` is heeded.
   * @throws {RouterError} as `describe` does
   */
  readonly open: (revision: string, file: string, start: number) => Promise<Response>
}

/** A renamed repository redirects once, a cache of the hub's own once more. */
const MAX_REDIRECTS = 5

/** Returns the hub's view of one repository. */
export function createHub(repository: string, options: HubOptions): Hub {
  const base = `${options.hubUrl.replace(/\/+$/, '')}/${repository}/resolve`

  const request = async (url: string, init: RequestInit): Promise<Response> => {
    const { token, signal } = options
    const headers = new Headers(init.headers)
    // Compressed answers have lengths that say nothing about the file.
    headers.set('accept-encoding', 'identity')
    if (token && new URL(url).origin === new URL(DEFAULT_HUB_URL).origin)
      headers.set('authorization', `Bearer ${token}`)
    try {
      return await options.fetch(url, { ...init, headers, ...(signal ? { signal } : {}) })
    } catch (cause) {
      throw new RouterError(
        'unavailable',
        'The model hub cannot be reached. Check the network and MODEL_HUB_URL, or take the shipped model: leave LOCAL_MODEL_NAME empty.',
        { cause },
      )
    }
  }

  /** Size, digest and commit are the hub's to say; the storage that it redirects to has tags of another kind. */
  const headOf = async (url: string, redirects = MAX_REDIRECTS): Promise<Response> => {
    const response = await request(url, { method: 'HEAD', redirect: 'manual' })
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null
    if (location === null || response.headers.has('x-linked-size')) return response
    const next = new URL(location, url)
    const isOwn = next.origin === new URL(url).origin
    return isOwn && redirects > 0
      ? await headOf(next.href, redirects - 1)
      : await request(url, { method: 'HEAD' })
  }

  return {
    async describe(revision, file) {
      const { status, headers } = checkIsHub(await headOf(`${base}/${revision}/${file}`))
      if (status === 404 || status === 401 || status === 403) return undefined
      if (status >= 400) throw statusError(status)
      const commit = /^[0-9a-f]{40}$/.exec(headers.get('x-repo-commit') ?? '')?.[0]
      // Only beside a commit is the plain tag git's; other servers' tags are digests of anything.
      const tag = headers.get('x-linked-etag') ?? (commit === undefined ? null : headers.get('etag'))
      return {
        file,
        bytes: Number(headers.get('x-linked-size') ?? headers.get('content-length') ?? 0),
        checksum: checksumOf(tag),
        commit,
      }
    },
    async open(revision, file, start) {
      const headers: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {}
      const response = checkIsHub(await request(`${base}/${revision}/${file}`, { headers }))
      if (!response.ok || response.body === null) throw statusError(response.status)
      return response
    },
  }
}

function checkIsHub(response: Response): Response {
  const isPage = /^text\/html\b/i.test(response.headers.get('content-type') ?? '')
  if (!response.ok || !isPage) return response
  throw new RouterError(
    'unavailable',
    'Something else answered in place of the model hub, such as the login page of a network. Log in, or check MODEL_HUB_URL, and run it again.',
  )
}

function statusError(status: number): RouterError {
  return new RouterError('unavailable', `The model hub answered with status ${status}. Try again later.`)
}
