import { MessagingError } from '../lib/errors'
import { describe, property } from '../lib/message/thrown'
import type { Message } from '../lib/node-red/node-adapter'

type Clone = (msg: Message) => Message

const PROTO = '__proto__'

/**
 * Copies an incoming message for the end of its session. The flow continues with the message itself
 * and answers its HTTP request, so the copy has no `req` and `res`.
 * @throws {MessagingError} `invalid-input` for a message that cannot be copied
 */
export function copyForLater(msg: Message, clone: Clone): Message {
  const kept: Message = {}
  // Read here, and not by `clone`, which removes req and res from the message for a moment.
  for (const key of Object.keys(msg)) {
    if (key !== 'req' && key !== 'res' && key !== PROTO) kept[key] = property(msg, key)
  }
  const copy = cloneMessage(kept, clone)
  if (!Object.hasOwn(msg, PROTO)) return copy
  // An assignment would change the prototype of the copy.
  const value = cloneValue(`msg.${PROTO}`, property(msg, PROTO), clone)
  const usual = { enumerable: true, configurable: true, writable: true }
  return Object.defineProperty(copy, PROTO, { value, ...usual })
}

/** @throws {MessagingError} which names the property at fault, if it is only one */
function cloneMessage(msg: Message, clone: Clone): Message {
  try {
    return cloneValue('The message', msg, clone)
  } catch (error) {
    for (const [key, value] of Object.entries(msg)) cloneValue(`msg.${key}`, value, clone)
    throw error
  }
}

function cloneValue<T>(what: string, value: T, clone: Clone): T {
  try {
    return clone({ value }).value as T
  } catch (thrown) {
    throw new MessagingError('invalid-input', `${what} cannot be copied: ${describe(thrown)}`)
  }
}
