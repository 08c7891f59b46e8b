/**
 * The dashboard's pages as they come from the server: navigation, log-out, a place for the island. What is shown comes
 * from the API, by the island.
 */

export type DashboardView = keyof typeof VIEWS

/** `receipt` is reached from the list. */
const VIEWS = {
  overview: { path: '/dashboard', label: 'Overview' },
  requests: { path: '/dashboard/requests', label: 'Requests' },
  receipt: undefined,
  keys: { path: '/dashboard/keys', label: 'Keys' },
  budgets: { path: '/dashboard/budgets', label: 'Budgets' },
} as const

export type DashboardPageProperties = {
  readonly view: DashboardView
  /** Whether there is a session that can be ended. */
  readonly hasSession: boolean
  /** The way back to this page after a log-in; undefined where the router has no admin key. */
  readonly logInPath: string | undefined
}

/** Renders the page's content. */
export function DashboardPage({ view, hasSession, logInPath }: DashboardPageProperties) {
  return (
    <>
      <div class="dashboard-bar">
        <nav aria-label="Dashboard" id="views">
          {Object.entries(VIEWS).map(([name, shown]) =>
            shown === undefined ? null : (
              <a href={shown.path} aria-current={name === view ? 'page' : undefined}>
                {shown.label}
              </a>
            ),
          )}
        </nav>
        {hasSession ? (
          <form method="post" action="/dashboard/logout">
            <button class="quiet small" type="submit">
              Log out
            </button>
          </form>
        ) : logInPath === undefined ? null : (
          <a class="button small" href={logInPath}>
            Log in
          </a>
        )}
      </div>
      <div id="dashboard" data-view={view}>
        <noscript>
          <p class="notice">
            The dashboard needs JavaScript. The same figures: <a href="/docs">GET /v1/router/usage</a>.
          </p>
        </noscript>
      </div>
    </>
  )
}
