/**
 * What may be the name of a header that a setting tells the router to read.
 */

/** What proves who somebody is has no place in settings, logs and records. */
export const CREDENTIAL_HEADER = /auth|cookie|token|secret|password|signature|jwt|(^|-)(api-?)?key(-|$)/
export const HEADER_NAME = /^[a-z\d!#$%&'*+.^_`|~-]{1,64}$/
