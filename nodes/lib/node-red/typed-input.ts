import type { Node, NodeAPI, NodeMessage } from 'node-red'
import { cleanText } from '../clean'
import { MessagingError } from '../errors'
import { type Field, nameOf } from '../message/fields'
import { quoteText } from '../message/quote'
import { unreadable } from '../message/thrown'

/** A value that was read; wrapped, so that nothing awaits a value with a `then`. */
interface Found {
  /** Undefined: no value. */
  value: unknown
}

/**
 * A typed input, compiled once for all messages. Returns a promise only if it has to (`async`): a
 * promise costs each message a turn of the microtask queue.
 */
export type TypedInput =
  | { async: false; read(msg: NodeMessage): unknown }
  | { async: true; read(msg: NodeMessage): Promise<Found> }

/**
 * A typed input, compiled once.
 * @param field the property of the node, for errors
 * @param value what the form stores, e.g. `payload.umid`; blank gives undefined for every message
 * @param type what the form stores beside it, e.g. `msg`
 * @returns a reader; rejects with a {@link MessagingError} `invalid-input` if an expression fails
 * @throws {MessagingError} `not-configured` for an expression that does not parse
 */
export function typedInput(
  RED: NodeAPI,
  node: Node,
  field: Field,
  value: string | undefined,
  type: string | undefined,
): TypedInput {
  const text = cleanText(value ?? '')
  if (!text) return { async: false, read: () => undefined }
  if (type === 'msg') return { async: false, read: path(RED, field, text) }
  if (type === 'str' || !type) return { async: false, read: () => value }
  if (type === 'jsonata') return { async: true, read: jsonata(RED, node, field, text) }
  const read: AsyncRead = (msg) =>
    evaluated(field, (done) => RED.util.evaluateNodeProperty(text, type, node, msg, done))
  return { async: true, read }
}

/**
 * Where a typed input reads its value, in a few words, e.g. `msg.umid`.
 * @param label what the dialog calls the property, for one that is blank or fixed
 */
export function placeOf(label: string, value: string | undefined, type: string | undefined) {
  const text = cleanText(`${value ?? ''}`).slice(0, MAX_PLACE)
  if (!text || type === 'str' || !type) return `the property ${label}`
  if (type === 'env') return `the environment variable ${text}`
  return type === 'jsonata' ? `the expression ${quoteText(text)}` : `${type}.${text}`
}

/** Characters of a path that an error shows; our choice. */
const MAX_PLACE = 100

type AsyncRead = (msg: NodeMessage) => Promise<Found>

function path(RED: NodeAPI, field: Field, value: string): (msg: NodeMessage) => unknown {
  prepare(field, () => RED.util.normalisePropertyExpression(value))
  return (msg) => {
    try {
      return RED.util.getMessageProperty(msg, value)
    } catch {
      return undefined // the message lacks a part of the path
    }
  }
}

function jsonata(RED: NodeAPI, node: Node, field: Field, value: string): AsyncRead {
  const expression = prepare(field, () => RED.util.prepareJSONataExpression(value, node))
  return (msg) =>
    evaluated(field, (done) => RED.util.evaluateJSONataExpression(expression, msg, done))
}

function prepare<T>(field: Field, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    const text = `The expression for the ${nameOf(field)} cannot be parsed: ${(error as Error).message}`
    throw new MessagingError('not-configured', text, { field })
  }
}

type Done = (error: Error | null, result: unknown) => void

function evaluated(field: Field, evaluate: (done: Done) => void): Promise<Found> {
  return new Promise((resolve, reject) => {
    const fail = (thrown: unknown) => reject(unreadable(`The ${nameOf(field)}`, thrown, field))
    try {
      evaluate((error, value) => (error ? fail(error) : resolve({ value })))
    } catch (thrown) {
      fail(thrown)
    }
  })
}
