import type { Node } from 'node-red'
import type { MessagingError } from '../errors'
import type { AccountLookup } from './account-lookup'
import type { InputEvent } from './node-adapter'
import type { Output } from './output'

/** What takes the messages of a node. */
interface MessageReceiver {
  accept(event: InputEvent): void
  /** Resolves when each message has had its output. */
  close(): Promise<void>
}

/**
 * Makes a node do what it is configured for. Bad configuration shows at once, and fails every
 * message with the reason.
 * @param create throws a {@link MessagingError} where the node's own configuration is wrong
 */
export function wireNode(
  node: Node,
  output: Output<unknown>,
  account: AccountLookup,
  create: () => MessageReceiver,
): void {
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
