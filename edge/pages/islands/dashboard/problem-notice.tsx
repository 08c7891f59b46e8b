/**
 * An error in words, and the way to the log-in where that would help.
 */
import type { ApiProblem } from './api.ts'

/** Renders nothing where there is no problem. */
export function ProblemNotice({ problem }: { readonly problem: ApiProblem | undefined }) {
  if (problem === undefined) return null
  const next = encodeURIComponent(`${location.pathname}${location.search}`)
  return (
    <p class="notice danger" role="alert">
      {problem.message}{' '}
      {problem.needsLogIn ? <a href={`/dashboard/login?next=${next}`}>Log in with the admin key</a> : null}
    </p>
  )
}
