import type { Node, NodeAPI, NodeMessage } from 'node-red'
import { z } from 'zod'
import { REFERENCE } from '../lib/api'
import { cleanApiKey, cleanText } from '../lib/clean'
import { createRedactor } from '../lib/client/redact'
import type { AccountNode, Connection } from '../lib/connection'
import { closedError, MessagingError } from '../lib/errors'
import { LABELS, malformed, type Sources } from '../lib/message/diagnose'
import { parse } from '../lib/message/fields'
import { type InputEvent, type NodeAdapter, Output } from '../lib/node-red/outcome'
import { placeOf, type TypedInput, typedInput } from '../lib/node-red/typed-input'
import { check } from '../lib/node-red/validate'
import { leadsToNode } from '../lib/node-red/wired'
import { ACTIONS } from '../lib/typing/actions'
import { Indicator } from './indicator'
import type { TypingIndicatorDef } from './options'
import { TYPING_INDICATOR_DEFAULTS, type TypingIndicatorOptions, UNSUPPORTED } from './options'
import type { Values } from './request'
import { readTiming } from './timing'

/** One of a few words, which an environment variable may hold. */
function oneOf<const T extends string>(words: readonly T[], wrong: string) {
  return z.string(wrong).overwrite(cleanText).pipe(z.enum(words, wrong))
}

const action = oneOf([...ACTIONS, 'msg'], `The action must be one of ${ACTIONS.join(', ')}, msg`)
const unsupported = oneOf(UNSUPPORTED, `Unsupported must be ${UNSUPPORTED.join(' or ')}`)

/** Makes a node do what it is configured for, or fail every message with the reason why not. */
export function setUpIndicator(RED: NodeAPI, node: Node, config: TypingIndicatorDef): void {
  const outcome = new Output(hostOf(node))
  const options: TypingIndicatorOptions = { ...TYPING_INDICATOR_DEFAULTS, ...config }
  const sources: Sources = {
    places: {
      action: 'msg.action',
      umid: placeOfField('umid'),
      channel: placeOfField('channel'),
      subAccountId: placeOfField('subAccountId'),
      receivedAt: placeOfField('receivedAt'),
      conversation: placeOfField('conversation'),
    },
    redact: redactKey,
  }
  let connection: Connection | undefined
  try {
    const indicator = createIndicator()
    node.on('input', (msg, send, done) => indicator.accept({ msg, send, done } as InputEvent))
    node.on('close', (done: () => void) => void indicator.close().then(done))
  } catch (error) {
    const problem = error as MessagingError
    node.on('input', (msg, send, done) => {
      outcome.fail({ msg, send, done } as InputEvent, problem.clone())
    })
    node.on('close', () => outcome.close())
    outcome.misconfigured(problem)
    return
  }
  try {
    connect()
    outcome.ready()
  } catch (error) {
    outcome.misconfigured(error as MessagingError)
  }

  /**
   * Looks again after a deploy of the account: Node-RED does not start us with it where a subflow
   * has the account as a property.
   * @throws {MessagingError} `not-configured`, or `closed` where the account is gone
   */
  function connect(): Connection {
    if (connection && !connection.client.closed) return connection
    const account = RED.nodes.getNode(options.account) as AccountNode | null
    if (!account?.connection) {
      if (connection) throw closedError()
      throw new MessagingError('not-configured', 'No 8x8 account is set', { field: 'account' })
    }
    if (account.connection instanceof MessagingError) throw account.connection.clone()
    connection = account.connection
    return connection
  }

  /** @throws {MessagingError} `not-configured`; `invalid-input` for a fixed value that is wrong */
  function createIndicator(): Indicator {
    const input = (field: keyof Values) => {
      const [value, type] = [options[field], options[`${field}Type`]]
      const needed = options.action !== 'stop' || field === 'umid' || field === 'conversation'
      // The same for every message, so it need not wait for the first.
      if (value && type === 'str' && needed) checkFixed(field, value)
      return typedInput(RED, node, field, value, type)
    }
    const inputs = {
      umid: input('umid'),
      channel: input('channel'),
      subAccountId: input('subAccountId'),
      receivedAt: input('receivedAt'),
      conversation: input('conversation'),
    }
    return new Indicator({
      connect,
      id: node.id,
      action: check('action', action, options.action),
      rhythm: readTiming(options),
      outcome,
      passUnsupported: check('unsupported', unsupported, options.unsupported) === 'pass',
      read: reader(inputs),
      sources,
      clone: (msg) => RED.util.cloneMessage(msg as NodeMessage) as InputEvent['msg'],
    })
  }

  /** Takes the account's key out of a text; looked up only for an error. */
  function redactKey(text: string): string {
    const account = RED.nodes.getNode(options.account) as AccountNode | null
    const key = cleanApiKey(`${account?.credentials?.apiKey ?? ''}`)
    return key ? createRedactor(key)(text) : text
  }

  function placeOfField(field: keyof Values): string {
    return placeOf(LABELS[field], options[field], options[`${field}Type`])
  }

  /** @throws {MessagingError} */
  function checkFixed(field: keyof Values, value: string): void {
    if (parse(field, value) === undefined) {
      const text = malformed(field, value, sources.places[field], sources)
      throw new MessagingError('invalid-input', text, { field })
    }
    // Node-RED leaves it so where the variable is not set.
    const name = REFERENCE.exec(cleanText(value))?.[1]
    if (name === undefined) return
    const text = `The environment variable ${name} is not set`
    throw new MessagingError('not-configured', text, { field })
  }

  function hostOf(node: Node): NodeAdapter {
    const { id, type, name } = node
    return {
      id,
      type,
      name,
      status: (status) => node.status(status),
      send: (outputs) => node.send(outputs),
      report: (error, msg) => node.error(error, msg),
      warn: (text) => node.warn(text),
      activeText(n) {
        const text = RED._('status.keeping', { n })
        return text === 'status.keeping' ? `typing (${n})` : text // no catalog, as in tests
      },
      handlesErrors(closing) {
        const [, wires = []] = (node as Node & { wires: string[][] }).wires
        return closing ? wires.length > 0 : leadsToNode(RED, wires)
      },
    }
  }
}

type Inputs = Record<keyof Values, TypedInput>

/** Reads all of them for a message: at once if that is possible. */
function reader(inputs: Inputs): (msg: NodeMessage) => Values | Promise<Values> {
  const { umid, channel, subAccountId, receivedAt, conversation } = inputs
  if (Object.values(inputs).some(({ later }) => later)) return (msg) => readLater(inputs, msg)
  // In full, because it is on the way of every message.
  return (msg) => ({
    umid: umid.read(msg),
    channel: channel.read(msg),
    subAccountId: subAccountId.read(msg),
    receivedAt: receivedAt.read(msg),
    conversation: conversation.read(msg),
  })
}

async function readLater(inputs: Inputs, msg: NodeMessage): Promise<Values> {
  const reading = Object.entries(inputs).map(async ([field, input]) => {
    const value = input.later ? (await input.read(msg)).value : input.read(msg)
    return [field, value] as const
  })
  return Object.fromEntries(await Promise.all(reading)) as unknown as Values
}
