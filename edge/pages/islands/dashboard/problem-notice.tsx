/**
 * An error in words, and the way to the log-in where that would help.
 */
import type { ApiProblem } from './api.ts'

/** Renders nothing where there is no problem. */
export function ProblemNotice({ problem }: { readonly problem: ApiProblem | undefined }) {
  if (problem === undefined) return null
  const next = encodeURIComponent(`${location.pathname}${location.search}`)
  return (
    // Nothing is broken where a log-in is all that is missing.
    <p class={`notice ${problem.needsLogIn ? '' : 'danger'}`} role="alert">
      {problem.message}{' '}
      {problem.needsLogIn ? <a href={`/dashboard/login?next=${next}`}>Log in with the admin key</a> : null}
    </p>
  )
}
