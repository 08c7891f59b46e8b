/**
 * What has to be asked for, as state: on its way, there, or failed with a sentence. What was there stays in sight while
 * something newer is on its way.
 */
import { useEffect, useState } from 'hono/jsx/dom'
import { ApiProblem } from './api.ts'

export type Loaded<T> = {
  readonly value: T | undefined
  readonly problem: ApiProblem | undefined
  readonly loading: boolean
  /** Asks again. */
  readonly reload: () => void
}

/** Returns what `load` gives, asked again whenever `key` changes. */
export function useLoaded<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>({
    value: undefined,
    problem: undefined,
    loading: true,
  })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    let isCurrent = true
    setState((before) => ({ ...before, loading: true }))
    load().then(
      (value) => {
        if (isCurrent) setState({ value, problem: undefined, loading: false })
      },
      (error: unknown) => {
        if (isCurrent) setState({ value: undefined, problem: asProblem(error), loading: false })
      },
    )
    return () => {
      isCurrent = false
    }
  }, [key, turn])
  return { ...state, reload: () => setTurn((before) => before + 1) }
}

/** Returns the error as a sentence that may be shown. */
export function asProblem(error: unknown): ApiProblem {
  return error instanceof ApiProblem ? error : new ApiProblem('This page has failed. Reload it.')
}
