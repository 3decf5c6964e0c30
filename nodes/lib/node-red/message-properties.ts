import type { Node, NodeAPI, NodeMessage } from 'node-red'
import { REFERENCE } from '../api'
import { cleanText } from '../clean'
import { MessagingError } from '../errors'
import { LABELS, malformed, type Sources } from '../message/diagnose'
import { type Field, parse } from '../message/fields'
import type { Message } from './node-adapter'
import { placeOf, type TypedInput, typedInput } from './typed-input'

/** The typed inputs of a node, as a flow stores them. */
type TypedInputs<F extends Field> = Readonly<Record<F | `${F}Type`, string>>

/** The values of the typed inputs for a message; undefined, null or '' for none. */
export type Values<F extends Field> = Partial<Record<F, unknown>>

/** The values that could be read from a message. */
export interface Reading<F extends Field> {
  values: Values<F>
  /** The error of the first field that could not be read, which has no value. */
  error?: MessagingError
}

/** The typed inputs of a node, compiled once for all messages. */
export interface MessageProperties<F extends Field> {
  /** A promise only if a value is asynchronous. */
  read(msg: Message): Reading<F> | Promise<Reading<F>>
  sources: Sources<F>
}

/**
 * @param inputs of the node
 * @param fields to read
 * @param required fields whose fixed values must be valid: they are the same for every message, so an
 *   invalid one fails the deploy
 * @param redact takes the API key out of a text: it may be in the wrong field
 * @throws {MessagingError} `not-configured`; `invalid-input` for a fixed value that is wrong
 */
export function compileProperties<F extends Field>(
  RED: NodeAPI,
  node: Node,
  inputs: TypedInputs<F>,
  fields: readonly F[],
  required: readonly F[],
  redact: Sources['redact'],
): MessageProperties<F> {
  const partsOf = (field: F) => [inputs[field], inputs[`${field}Type`]] as const
  const places = Object.fromEntries(
    fields.map((field) => [field, placeOf(LABELS[field], ...partsOf(field))]),
  ) as Record<F, string>
  const sources = { places, redact }
  for (const field of required) checkFixed(field, ...partsOf(field), sources)
  const readers = fields.map(
    (field) => [field, typedInput(RED, node, field, ...partsOf(field))] as const,
  )
  const isAsync = readers.some(([, input]) => input.async)
  return {
    read: isAsync ? (msg) => readAsync(readers, msg) : (msg) => readNow(readers, msg),
    sources,
  }
}

type Readers<F extends Field> = (readonly [F, TypedInput])[]

function readNow<F extends Field>(readers: Readers<F>, msg: Message): Reading<F> {
  const values: Values<F> = {}
  for (const [field, input] of readers) values[field] = input.read(msg as NodeMessage)
  return { values }
}

async function readAsync<F extends Field>(readers: Readers<F>, msg: Message): Promise<Reading<F>> {
  const reading: Reading<F> = { values: {} }
  const results = await Promise.allSettled(
    readers.map(async ([field, input]) => {
      reading.values[field] = input.async
        ? (await input.read(msg as NodeMessage)).value
        : input.read(msg as NodeMessage)
    }),
  )
  const failed = results.find((result) => result.status === 'rejected')
  return failed ? { ...reading, error: failed.reason } : reading
}

/** @throws {MessagingError} */
function checkFixed<F extends Field>(
  field: F,
  value: string,
  type: string,
  { places, redact }: Sources<F>,
): void {
  if (!value || type !== 'str') return
  if (parse(field, value) === undefined) {
    const text = malformed(field, value, places[field], redact)
    throw new MessagingError('invalid-input', text, { field })
  }
  // Node-RED leaves the reference if the variable is not set.
  const name = REFERENCE.exec(cleanText(value))?.[1]
  if (name === undefined) return
  const text = `The environment variable ${name} is not set`
  throw new MessagingError('not-configured', text, { field })
}
