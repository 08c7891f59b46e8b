/**
 * The handlers of the dashboard's pages and of log-in and log-out: who sees a page, and where others are sent. The
 * figures are the API's, which asks for itself who may see them.
 */
import { RouterError } from '../../../shared/errors.ts'
import type { AppContext, AppDependencies } from '../../http/context.ts'
import { readFormFields } from '../../http/read-body.ts'
import { createDashboardSessions } from '../../middleware/dashboard-session.ts'
import { createLoginLimiter } from '../../middleware/login-limiter.ts'
import { isSameOrigin } from '../../middleware/same-origin.ts'
import type { AssetNames } from '../assets.ts'
import { renderPage } from '../render-page.tsx'
import { DashboardPage, type DashboardView } from './dashboard-page.tsx'
import { LogInPage } from './log-in-page.tsx'

type Handle = (context: AppContext) => Response | Promise<Response>
export type DashboardPages = Readonly<Record<DashboardView | 'logInForm' | 'logIn' | 'logOut', Handle>>

const HOME = '/dashboard'
const LOG_IN = '/dashboard/login'
const MAX_FORM_BYTES = 4_096

/** Returns the handlers. @param assetNames asked for with each page */
export function createDashboardPages(
  { config, now, log }: Pick<AppDependencies, 'config' | 'now' | 'log'>,
  assetNames: () => Promise<AssetNames>,
): DashboardPages {
  const sessions = createDashboardSessions(config.adminKeys, now)
  const limiter = createLoginLimiter(now)
  const hasAdminKey = config.adminKeys.length > 0

  const page =
    (view: DashboardView, title: string): Handle =>
    async (context) => {
      const hasSession = (await sessions.read(context)) !== undefined
      const { pathname, search } = new URL(context.req.url)
      const logInPath = `${LOG_IN}?${new URLSearchParams({ next: `${pathname}${search}` })}`
      // Without keys everybody on this machine is let in, and the API shows what that caller may see.
      if (!hasSession && config.anonymous === undefined) return context.redirect(logInPath, 303)
      const children = (
        <DashboardPage view={view} hasSession={hasSession} logInPath={hasAdminKey ? logInPath : undefined} />
      )
      return renderPage(context, {
        title,
        section: 'dashboard',
        island: 'dashboard',
        assets: await assetNames(),
        children,
      })
    }
  const logInPage = async (
    context: AppContext,
    next: string,
    problem?: string,
    status: 200 | 401 | 429 = 200,
  ) =>
    renderPage(
      context,
      {
        title: 'Log in',
        section: 'dashboard',
        style: 'dashboard',
        assets: await assetNames(),
        children: <LogInPage next={next} problem={problem} hasAdminKey={hasAdminKey} />,
      },
      status,
    )

  return {
    overview: page('overview', 'Dashboard'),
    requests: page('requests', 'Requests'),
    receipt: page('receipt', 'Request'),
    keys: page('keys', 'Keys'),
    budgets: page('budgets', 'Budgets'),
    logInForm: (context) => logInPage(context, pathWithin(context.req.query('next'))),
    async logIn(context) {
      requireSameOrigin(context)
      const fields = await readFormFields(context.req.raw, MAX_FORM_BYTES)
      const next = pathWithin(fields.get('next'))
      const address = context.req.header('cf-connecting-ip') ?? 'unknown'
      const waitMs = limiter.waitMs(address)
      if (waitMs > 0) {
        const seconds = Math.ceil(waitMs / 1000)
        context.header('retry-after', String(seconds))
        return logInPage(context, next, `Too many wrong keys. Try again in ${seconds} seconds.`, 429)
      }
      if (!(await sessions.begin(context, fields.get('key')?.trim() ?? ''))) {
        limiter.noteWrong(address)
        log('[Router] Log-in refused', { requestId: context.get('requestId') })
        return logInPage(context, next, 'This is not the admin key of this router.', 401)
      }
      limiter.noteRight(address)
      log('[Router] Logged in', { requestId: context.get('requestId') })
      return context.redirect(next, 303)
    },
    logOut(context) {
      requireSameOrigin(context)
      sessions.end(context)
      return context.redirect(LOG_IN, 303)
    },
  }
}

/** Another site's form must neither end a session nor begin one under a key of its own choice. */
function requireSameOrigin(context: AppContext): void {
  if (isSameOrigin(context.req.raw)) return
  throw new RouterError('forbidden', "Log in and out by the dashboard's own form: open /dashboard.")
}

/** Returns the path if it is one of the dashboard's, else the overview: nobody is sent elsewhere after a log-in. */
function pathWithin(path: string | null | undefined): string {
  return path !== null && path !== undefined && /^\/dashboard(\/[\w/-]*)?(\?[^\s\\#]*)?$/.test(path)
    ? path
    : HOME
}
