import type { NodeStatus } from 'node-red'
import { type ErrorOutput, type Facts, MessagingError } from '../errors'
import { describe } from '../message/thrown'
import type { InputEvent, Message, NodeAdapter } from './node-adapter'
import { StatusThrottle } from './status'

export interface OutputOptions<State> {
  /** The message property for the result of a success. */
  property: 'typing' | 'reply'
  /** The status for a state; called only for one that is about to be shown. */
  toStatus(state: State): NodeStatus
}

/**
 * Ends each input event with exactly one output, or one `done(error)`, and shows the status. Status
 * texts are catalog keys, which the editor translates.
 */
export class Output<State> {
  readonly #node: NodeAdapter
  readonly #property: 'typing' | 'reply'
  readonly #status: StatusThrottle
  #state: State | undefined
  /** One function for all messages, so that only statuses that are shown are created. */
  readonly #toStatus: () => NodeStatus

  constructor(node: NodeAdapter, { property, toStatus }: OutputOptions<State>) {
    this.#node = node
    this.#property = property
    this.#status = new StatusThrottle((status) => node.status(status))
    this.#toStatus = () => (this.#state === undefined ? {} : toStatus(this.#state))
  }

  /** Clears the status of an earlier deploy. */
  ready(): void {
    this.#node.status({})
  }

  /** The configuration is wrong: no message can be sent. */
  misconfigured(error: MessagingError): void {
    this.#status.set({ fill: 'red', shape: 'ring', text: statusText(error) })
  }

  show(state: State): void {
    this.#state = state
    this.#status.set(this.#toStatus)
  }

  /**
   * @param known what is known of the message, for the error if the result cannot be set on it
   * @returns false if it cannot be set, which counts as a failure
   */
  succeed(event: InputEvent, result: object, state: State, known: Partial<Facts> = {}): boolean {
    const { msg, send, done } = event
    try {
      msg[this.#property] = result
    } catch (thrown) {
      const text = `Cannot set msg.${this.#property}: ${describe(thrown)}`
      this.fail(event, new MessagingError('invalid-input', text, known))
      return false
    }
    this.show(state)
    send([msg, null])
    done()
    return true
  }

  /** Never throws: in a timer or an input handler, that would end Node-RED. */
  fail(event: InputEvent, error: MessagingError): void {
    try {
      this.#fail(event, error)
    } catch (thrown) {
      this.reportLost(thrown)
    }
  }

  #fail({ msg, send, done }: InputEvent, error: MessagingError): void {
    this.#showFailure(error)
    if (!this.#node.handlesErrors(error.cause.kind === 'closed') || !this.#addError(msg, error)) {
      done(error)
      return
    }
    send([null, msg])
    done()
  }

  /** @returns false if the error cannot be set on the message */
  #addError(msg: Message, error: MessagingError): boolean {
    const { id, type, name } = this.#node
    try {
      if (msg.error !== undefined) msg._error = msg.error
      msg.error = {
        message: error.message,
        ...error.cause,
        source: { id, type, ...(name && { name }) },
      } satisfies ErrorOutput
      return true
    } catch {
      return false
    }
  }

  /** Node-RED threw while it passed a message on, so at least log it. */
  reportLost(thrown: unknown): void {
    this.#node.report(new Error(`Node-RED could not pass on a message: ${describe(thrown)}`))
  }

  /** A failure after the message had its output. @param msg a new message */
  failLater(msg: Message, error: MessagingError): void {
    const { send, report } = this.#node
    this.fail({ msg, send, done: (unhandled) => unhandled && report(unhandled, msg) }, error)
  }

  /** The node closes: clears the status, and shows none from now on. */
  close(): void {
    this.#status.close()
    this.#node.status({})
  }

  #showFailure(error: MessagingError): void {
    const { kind } = error.cause
    if (kind === 'closed') return
    if (kind === 'not-configured') this.misconfigured(error)
    else this.#status.set({ fill: 'red', shape: 'dot', text: statusText(error) })
  }
}

/** Status text: the field at fault, or else the kind of failure. */
function statusText({ field, cause }: MessagingError): string {
  if (field) return `status.check.${field}`
  return `status.${cause.maybeSent ? 'maybeSent' : cause.kind}`
}
