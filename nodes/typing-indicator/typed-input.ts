import type { Node, NodeAPI, NodeMessage } from 'node-red'
import { TypingError } from '../account/errors'

/** A typed input, ready to be read for any number of messages. */
export interface TypedInput {
  /** Whether it reads promises. Only where it has to: each costs a message a turn of the queue. */
  later: boolean
  /** What it points to, for one message; undefined where there is nothing. */
  read(msg: NodeMessage): unknown | Promise<unknown>
}

/**
 * A typed input, compiled once.
 * @param field the property of the node, for errors
 * @param value what the form stores, e.g. `payload.umid`; blank gives undefined for every message
 * @param type what the form stores beside it, e.g. `msg`
 * @returns a reader; its promises reject with a {@link TypingError} `invalid-input` where an expression fails
 * @throws {TypingError} `not-configured` for an expression that does not parse
 */
export function typedInput(
  RED: NodeAPI,
  node: Node,
  field: string,
  value: string | undefined,
  type: string | undefined,
): TypedInput {
  if (!value) return { later: false, read: () => undefined }
  if (type === 'msg') return { later: false, read: path(RED, field, value) }
  if (type === 'str' || !type) return { later: false, read: () => value }
  if (type === 'jsonata') return { later: true, read: jsonata(RED, node, field, value) }
  const read: Read = (msg) =>
    evaluated(field, (done) => RED.util.evaluateNodeProperty(value, type, node, msg, done))
  return { later: true, read }
}

type Read = TypedInput['read']

function path(RED: NodeAPI, field: string, value: string): Read {
  prepare(field, () => RED.util.normalisePropertyExpression(value))
  return (msg) => {
    try {
      return RED.util.getMessageProperty(msg, value)
    } catch {
      return undefined // it leads through something that this message does not have
    }
  }
}

function jsonata(RED: NodeAPI, node: Node, field: string, value: string): Read {
  const expression = prepare(field, () => RED.util.prepareJSONataExpression(value, node))
  return (msg) =>
    evaluated(field, (done) => RED.util.evaluateJSONataExpression(expression, msg, done))
}

function prepare<T>(field: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    const text = `The expression for ${field} cannot be parsed: ${(error as Error).message}`
    throw new TypingError('not-configured', text, { field })
  }
}

type Done = (error: Error | null, result: unknown) => void

function evaluated(field: string, evaluate: (done: Done) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    evaluate((error, result) => {
      if (!error) return resolve(result)
      const text = `The ${field} cannot be read: ${error.message}`
      reject(new TypingError('invalid-input', text, { field }))
    })
  })
}
