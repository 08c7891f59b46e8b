/**
 * The log-in of the dashboard: a plain form, which works without scripts.
 */

export type LogInPageProperties = {
  /** Where to go afterwards. */
  readonly next: string
  /** Why the last try failed. */
  readonly problem: string | undefined
  /** Whether the router has an admin key at all. */
  readonly hasAdminKey: boolean
}

/** Renders the page's content. */
export function LogInPage({ next, problem, hasAdminKey }: LogInPageProperties) {
  return (
    <section class="card log-in" aria-labelledby="log-in-title">
      <h1 id="log-in-title">Log in to the dashboard</h1>
      {hasAdminKey ? (
        <form method="post" action="/dashboard/login">
          <input type="hidden" name="next" value={next} />
          <label class="field" for="key">
            Admin key
            <input
              id="key"
              name="key"
              type="password"
              autocomplete="current-password"
              required
              autofocus
              aria-describedby={problem === undefined ? 'key-help' : 'problem key-help'}
              aria-invalid={problem === undefined ? undefined : 'true'}
            />
          </label>
          <p class="soft" id="key-help">
            The value of ADMIN_KEY. The session ends after twelve hours without use.
          </p>
          {problem === undefined ? null : (
            <p class="notice danger" id="problem" role="alert">
              {problem}
            </p>
          )}
          <button class="primary" type="submit">
            Log in
          </button>
        </form>
      ) : (
        <p>
          This router has no admin key. Set <code>ADMIN_KEY</code> (at least 16 characters, such as those of{' '}
          <code>openssl rand -hex 32</code>) and start or deploy it again.
        </p>
      )}
    </section>
  )
}
