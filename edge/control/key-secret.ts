/**
 * The form of keys made at runtime. They are known by it, so that one which opens nothing any more is never taken for a
 * client's own Claude key and sent on. Keeps nothing; chance comes in from outside.
 */

/** As many bytes as a secret is made of. */
export const SECRET_BYTES = 32
const MARK = 'ulf_'
const SHOWN_LENGTH = 12
const FORM = /^ulf_[\w-]{43}$/

export type KeySecret = { readonly secret: string; readonly prefix: string }

/**
 * Returns a key and the part of it that may be shown.
 * @param bytes `SECRET_BYTES` of a cryptographic source of chance
 */
export function createKeySecret(bytes: Uint8Array): KeySecret {
  const text = btoa(String.fromCharCode(...bytes))
  const secret = MARK + text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  return { secret, prefix: secret.slice(0, SHOWN_LENGTH) }
}

/** Says whether a credential could be a key made at runtime. */
export function hasRuntimeForm(credential: string): boolean {
  return FORM.test(credential)
}
