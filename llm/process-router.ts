/**
 * The one router of this process, made from its environment when it is first asked for.
 */
import { createRouter, type DirectProvider, type LocalDirectProvider, type Router } from './router.ts'

let router: Router | undefined

/**
 * Returns this process's router.
 * @throws {RouterError} `configuration` that names every setting that is wrong
 */
export function getRouter(): Router {
  router ??= forgetWhenClosed(createRouter())
  return router
}

/** Returns Claude's side of this process's router: every request goes to Claude. */
export function getClaudeProvider(): DirectProvider<'claude'> {
  return getRouter().claude
}

/** Returns the local side of this process's router: no request leaves for Claude. */
export function getLocalProvider(): LocalDirectProvider {
  return getRouter().local
}

/** After `close()` the next call makes a new router, with the settings that are then in force. */
function forgetWhenClosed(made: Router): Router {
  return {
    ...made,
    close() {
      router = undefined
      return made.close()
    },
  }
}
