import { types } from 'node:util'
import { MessagingError } from '../errors'

/** Characters of a thrown error's message that are shown; our choice. */
const MAX_TEXT = 200

/** Describes what was thrown, in at most 200 characters; even reading that may throw. */
export function describe(thrown: unknown): string {
  try {
    // Not instanceof: JSONata throws plain objects, a function node errors of another realm.
    const message = (thrown as { message?: unknown } | undefined | null)?.message
    // On one line, so that it cannot forge log lines.
    return typeof message === 'string'
      ? message.slice(0, MAX_TEXT).replace(/\p{Cc}+/gu, ' ')
      : `a thrown ${typeof thrown}`
  } catch {
    return 'a thrown object that cannot be shown'
  }
}

/**
 * The error for a value that throws when it is read.
 * @param what its name, e.g. `The umid`
 * @param field at fault, if any
 */
export function unreadable(what: string, thrown: unknown, field?: string): MessagingError {
  const text = `${what} cannot be read: ${describe(thrown)}`
  return new MessagingError('invalid-input', text, { field })
}

/**
 * A property of a message, or of something in it.
 * @throws {MessagingError} `invalid-input` that names the property, where it throws when it is read
 */
export function property(object: object, name: string, what = `msg.${name}`): unknown {
  try {
    return (object as Record<string, unknown>)[name]
  } catch (thrown) {
    throw unreadable(what, thrown)
  }
}

/** Anything but a MessagingError comes from a message that throws when it is read. */
export function toMessagingError(thrown: unknown): MessagingError {
  // A proxy can throw even on instanceof.
  return types.isProxy(thrown) || !(thrown instanceof MessagingError)
    ? unreadable('The message', thrown)
    : thrown
}
