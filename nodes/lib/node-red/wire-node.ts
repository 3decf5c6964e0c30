import type { Node } from 'node-red'
import type { MessagingError } from '../errors'
import type { AccountLookup } from './account-lookup'
import type { InputEvent } from './node-adapter'
import type { Output } from './output'

/** Handles the messages of a node. */
interface MessageReceiver {
  accept(event: InputEvent): void
  /** Resolves when every message has its output. */
  close(): Promise<void>
}

/**
 * Connects a node to its handler, and registers it with its account. Invalid configuration shows at
 * once, and fails every message with the reason.
 * @param create throws a {@link MessagingError} if the node's own configuration is invalid
 */
export function wireNode(
  node: Node,
  output: Output<unknown>,
  account: AccountLookup,
  create: () => MessageReceiver,
): void {
  account.register(node)
  try {
    const receiver = create()
    node.on('input', (msg, send, done) => receiver.accept({ msg, send, done } as InputEvent))
    node.on('close', (done: () => void) => void receiver.close().then(done))
  } catch (error) {
    const problem = error as MessagingError
    node.on('input', (msg, send, done) => {
      output.fail({ msg, send, done } as InputEvent, problem.clone())
    })
    node.on('close', () => output.close())
    output.misconfigured(problem)
    return
  }
  try {
    account.connect()
    output.ready()
  } catch (error) {
    output.misconfigured(error as MessagingError)
  }
}
