/** What a check of `npm run doctor` has found. Knows no check. */

export type Finding = {
  readonly name: string
  /** `warning`: the router works, with less than it could. */
  readonly status: 'ok' | 'warning' | 'failed'
  readonly detail: string
  /** What to do; absent where nothing has to be done. */
  readonly fix?: string
}

/** A finding that something has to be done about. */
export type Fault = Finding & { readonly fix: string }

export function ok(name: string, detail: string): Finding {
  return { name, status: 'ok', detail }
}

export function warning(name: string, detail: string, fix: string): Fault {
  return { name, status: 'warning', detail, fix }
}

export function failed(name: string, detail: string, fix: string): Fault {
  return { name, status: 'failed', detail, fix }
}

/** Says whether an address is on this machine: asking it needs no network. */
export function isOnThisMachine(url: string): boolean {
  return URL.canParse(url) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname)
}
