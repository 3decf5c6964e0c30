import type { Node, NodeAPI, NodeMessage } from 'node-red'
import type { AccountNode } from '../account/account'
import { TypingError } from '../account/errors'
import { Indicator } from './indicator'
import { TYPING_INDICATOR_DEFAULTS, type TypingIndicatorOptions } from './options'
import { type Host, Outcome, type Task } from './outcome'
import type { Values } from './request'
import { readRhythm } from './rhythm'
import { typedInput } from './typed-input'
import type { TypingIndicatorDef } from './typing-indicator'

/** Makes a node do what it is configured for, or fail every message with the reason why not. */
export function setUp(RED: NodeAPI, node: Node, config: TypingIndicatorDef): void {
  const outcome = new Outcome(hostOf(node))
  try {
    const indicator = createIndicator({ ...TYPING_INDICATOR_DEFAULTS, ...config })
    node.on('input', (msg, send, done) => indicator.accept({ msg, send, done } as Task))
    node.on('close', (done: () => void) => void indicator.close().then(done))
    outcome.ready()
  } catch (error) {
    const problem = error as TypingError
    node.on('input', (msg, send, done) => {
      outcome.fail({ msg, send, done } as Task, problem.clone())
    })
    node.on('close', () => outcome.close())
    outcome.misconfigured(problem)
  }

  /** @throws {TypingError} `not-configured` */
  function createIndicator(options: TypingIndicatorOptions): Indicator {
    const account = RED.nodes.getNode(options.account) as AccountNode | null
    if (!account?.connection) {
      throw new TypingError('not-configured', 'No 8x8 account is set', { field: 'account' })
    }
    if (account.connection instanceof TypingError) throw account.connection
    const input = (field: keyof Values) =>
      typedInput(RED, node, field, options[field], options[`${field}Type`])
    const umid = input('umid')
    const channel = input('channel')
    const subAccountId = input('subAccountId')
    const receivedAt = input('receivedAt')
    const conversation = input('conversation')
    const read = (msg: NodeMessage): Values => ({
      umid: umid.read(msg),
      channel: channel.read(msg),
      subAccountId: subAccountId.read(msg),
      receivedAt: receivedAt.read(msg),
      conversation: conversation.read(msg),
    })
    const inputs = [umid, channel, subAccountId, receivedAt, conversation]
    const later = inputs.some((input) => input.later)
    return new Indicator({
      ...account.connection,
      id: node.id,
      action: options.action,
      rhythm: readRhythm(options),
      outcome,
      passUnsupported: options.unsupported === 'pass',
      read: later ? (msg) => settled(read(msg)) : read,
    })
  }

  function hostOf(node: Node): Host {
    const { id, type, name } = node
    return {
      id,
      type,
      name,
      status: (status) => node.status(status),
      send: (outputs) => node.send(outputs),
      report: (error, msg) => node.error(error, msg),
      keepingText(n) {
        const text = RED._('status.keeping', { n })
        return text === 'status.keeping' ? `typing (${n})` : text // no catalog, as in tests
      },
      handlesErrors(closing) {
        const [, wires = []] = (node as Node & { wires: string[][] }).wires
        // A disabled node takes nothing.
        return wires.some((wire) => closing || RED.nodes.getNode(wire))
      },
    }
  }
}

/** The values of promises. */
async function settled(values: Values): Promise<Values> {
  const entries = Object.entries(values).map(async ([field, value]) => [field, await value])
  return Object.fromEntries(await Promise.all(entries))
}
