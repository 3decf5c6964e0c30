import type { NodeStatus } from 'node-red'
import { type Facts, TypingError } from '../account/errors'
import { StatusLine } from './status'
import { describe } from './thrown'

/** What a success adds to a message, as `msg.typing`. */
export interface Typing {
  /** `active`: kept up from now on; `skipped`: an unsupported channel, passed on. */
  state: 'sent' | 'active' | 'stopped' | 'skipped'
  /** The umid is a repeated one, and changed nothing. */
  duplicate?: true
  umid?: string
  channel?: string
  subAccountId?: string
  /** Indicators that 8x8 accepted, when it is stopped. */
  indicators?: number
  /** Requests sent for the message; when it is stopped: for all its indicators. */
  attempts: number
  statusCode?: number
  /** When the accepted request went out, ISO 8601. */
  sentAt?: string
  /** ms that the node had the message in hand; when it is stopped: that the customer saw us type. */
  durationMs: number
}

/** What a failure adds to a message, as `msg.error`: what a Catch node adds, and the facts. */
export interface ErrorOutput extends Facts {
  message: string
  source: { id: string; type: string; name?: string }
}

type Message = Record<string, unknown>
type Fill = 'blue' | 'green' | 'grey'
type Send = (outputs: [success: Message | null, error: Message | null]) => void

/** A message that the node has in hand. */
export interface Task {
  msg: Message
  send: Send
  done(error?: Error): void
}

/** The node, as far as outcomes are concerned. */
export interface Host {
  readonly id: string
  readonly type: string
  readonly name?: string
  status(status: NodeStatus): void
  /** Sends a message that belongs to no task. */
  send: Send
  /** Reports an error that belongs to no task; with a message, Catch nodes get it. */
  report(error: Error, msg?: Message): void
  /**
   * Whether a node takes what leaves at output 2.
   * @param closing the other nodes may be gone already, so a wire is enough
   */
  handlesErrors(closing: boolean): boolean
  /** `typing (n)`, in the language of the runtime. */
  keepingText(sessions: number): string
}

/**
 * Ends each task in exactly one output, or one `done(error)`, and shows how it went.
 * Status texts are keys of the catalog, which the editor translates for whoever looks.
 */
export class Outcome {
  readonly #host: Host
  readonly #status: StatusLine
  /** Sessions that show indicators. */
  #keeping = 0
  #fill: Fill = 'grey'
  #state = ''
  /** One for all messages: most statuses of a busy node are never shown, so never made. */
  readonly #current = () => this.#make()

  constructor(host: Host) {
    this.#host = host
    this.#status = new StatusLine((status) => host.status(status))
  }

  /** Nothing is wrong; takes away what an earlier deploy of the node showed. */
  ready(): void {
    this.#host.status({})
  }

  /** The configuration is wrong: no message can be sent. */
  misconfigured(error: TypingError): void {
    this.#status.set({ fill: 'red', shape: 'ring', text: reason(error) })
  }

  sending(): void {
    this.#show('blue', 'sending')
  }

  /** @param sessions how many customers see this node type */
  keeping(sessions: number): void {
    this.#keeping = sessions
    this.#show('green', 'stopped')
  }

  /** @returns false if the message takes no result, and so counts as a failure */
  succeed(task: Task, typing: Typing): boolean {
    const { msg, send, done } = task
    const fill = typing.state === 'skipped' ? 'grey' : 'green'
    try {
      msg.typing = typing
    } catch (error) {
      this.fail(task, unwritable(error))
      return false
    }
    this.#show(fill, typing.state)
    send([msg, null])
    done()
    return true
  }

  /** Never throws: from a timer, or from an input handler, that would end Node-RED. */
  fail(task: Task, error: TypingError): void {
    try {
      this.#fail(task, error)
    } catch (thrown) {
      this.lost(thrown)
    }
  }

  #fail({ msg, send, done }: Task, error: TypingError): void {
    this.#showFailure(error)
    if (!this.#host.handlesErrors(error.cause.kind === 'closed') || !this.#addError(msg, error)) {
      done(error)
      return
    }
    send([null, msg])
    done()
  }

  /** @returns false if the message takes no error */
  #addError(msg: Message, error: TypingError): boolean {
    const { id, type, name } = this.#host
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

  /** The runtime threw when it was handed an outcome; the least is to say so. */
  lost(thrown: unknown): void {
    this.#host.report(new Error(`The outcome of a message was lost: ${describe(thrown)}`))
  }

  /** A failure after the message had its output. @param msg a message of its own */
  failLater(msg: Message, error: TypingError): void {
    const { send, report } = this.#host
    this.fail({ msg, send, done: (unhandled) => unhandled && report(unhandled, msg) }, error)
  }

  /** Shows nothing any more: the node closes. */
  close(): void {
    this.#status.close()
    this.#host.status({})
  }

  #show(fill: Fill, state: string): void {
    this.#fill = fill
    this.#state = state
    this.#status.set(this.#current)
  }

  #make(): NodeStatus {
    const keeping = this.#keeping > 0 && this.#state !== 'skipped'
    return keeping
      ? { fill: 'blue', shape: 'dot', text: this.#host.keepingText(this.#keeping) }
      : { fill: this.#fill, shape: 'dot', text: `status.${this.#state}` }
  }

  #showFailure(error: TypingError): void {
    const { kind } = error.cause
    if (kind === 'closed') return
    if (kind === 'not-configured') this.misconfigured(error)
    else this.#status.set({ fill: 'red', shape: 'dot', text: reason(error) })
  }
}

function unwritable(error: unknown): TypingError {
  const text = `The message takes no msg.typing: ${describe(error)}`
  return new TypingError('invalid-input', text)
}

/** A few words: the field that is at fault or else the kind of failure. */
function reason({ field, cause }: TypingError): string {
  return field ? `status.check.${field}` : `status.${cause.kind}`
}
