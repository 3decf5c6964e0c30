import type { NodeStatus } from 'node-red'
import { type Facts, MessagingError } from '../errors'
import { describe } from '../message/thrown'
import { StatusThrottle } from './status'

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

/** A stop that ended nothing. */
export interface UnmatchedStop {
  /** The name of another account that keeps typing there. */
  otherAccount: string | undefined
}

type Message = Record<string, unknown>
type State = Typing['state'] | 'sending' | 'notTyping' | 'otherAccount'

/** How each state is shown. A ring says that there is something to mend. */
const LOOKS: Record<State, { fill: 'blue' | 'green' | 'grey'; shape: 'dot' | 'ring' }> = {
  sending: { fill: 'blue', shape: 'dot' },
  sent: { fill: 'green', shape: 'dot' },
  active: { fill: 'green', shape: 'dot' },
  stopped: { fill: 'green', shape: 'dot' },
  skipped: { fill: 'grey', shape: 'dot' },
  notTyping: { fill: 'grey', shape: 'dot' },
  otherAccount: { fill: 'grey', shape: 'ring' },
}

type Send = (outputs: [success: Message | null, error: Message | null]) => void

/** A message that the node has in hand. */
export interface InputEvent {
  msg: Message
  send: Send
  done(error?: Error): void
}

/** The node, as far as outcomes are concerned. */
export interface NodeAdapter {
  readonly id: string
  readonly type: string
  readonly name?: string
  status(status: NodeStatus): void
  /** Sends a message that belongs to no task. */
  send: Send
  /** Reports an error that belongs to no task; with a message, Catch nodes get it. */
  report(error: Error, msg?: Message): void
  /** Says something in the log and the sidebar. */
  warn(text: string): void
  /**
   * Whether a node takes what leaves at output 2.
   * @param closing the other nodes may be gone already, so a wire is enough
   */
  handlesErrors(closing: boolean): boolean
  /** `typing (n)`, in the language of the runtime. */
  activeText(sessions: number): string
}

/**
 * Ends each task in exactly one output, or one `done(error)`, and shows how it went.
 * Status texts are keys of the catalog, which the editor translates for whoever looks.
 */
export class Output {
  readonly #host: NodeAdapter
  readonly #status: StatusThrottle
  /** Sessions that show indicators. */
  #keeping = 0
  #state: State = 'sending'
  /** Accounts that users were told of. */
  readonly #otherAccounts = new Set<string>()
  /** One for all messages: most statuses of a busy node are never shown, so never made. */
  readonly #current = () => this.#make()

  constructor(host: NodeAdapter) {
    this.#host = host
    this.#status = new StatusThrottle((status) => host.status(status))
  }

  /** Nothing is wrong; takes away what an earlier deploy of the node showed. */
  ready(): void {
    this.#host.status({})
  }

  /** The configuration is wrong: no message can be sent. */
  misconfigured(error: MessagingError): void {
    this.#status.set({ fill: 'red', shape: 'ring', text: reason(error) })
  }

  sending(): void {
    this.#show('sending')
  }

  /** @param sessions how many customers see this node type */
  showActive(sessions: number): void {
    this.#keeping = sessions
    this.#show('stopped')
  }

  /**
   * @param unmatched set for a stop that ended nothing
   * @returns false if the message takes no result, and so counts as a failure
   */
  succeed(task: InputEvent, typing: Typing, unmatched?: UnmatchedStop): boolean {
    const { msg, send, done } = task
    try {
      msg.typing = typing
    } catch (error) {
      this.fail(task, unwritable(error))
      return false
    }
    this.#show(unmatched ? stateOf(unmatched) : typing.state)
    send([msg, null])
    done()
    if (unmatched?.otherAccount) this.#warnOnce(unmatched.otherAccount)
    return true
  }

  /** Never throws: from a timer, or from an input handler, that would end Node-RED. */
  fail(task: InputEvent, error: MessagingError): void {
    try {
      this.#fail(task, error)
    } catch (thrown) {
      this.reportLost(thrown)
    }
  }

  #fail({ msg, send, done }: InputEvent, error: MessagingError): void {
    this.#showFailure(error)
    if (!this.#host.handlesErrors(error.cause.kind === 'closed') || !this.#addError(msg, error)) {
      done(error)
      return
    }
    send([null, msg])
    done()
  }

  /** @returns false if the message takes no error */
  #addError(msg: Message, error: MessagingError): boolean {
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
  reportLost(thrown: unknown): void {
    this.#host.report(new Error(`The outcome of a message was lost: ${describe(thrown)}`))
  }

  /** A failure after the message had its output. @param msg a message of its own */
  failLater(msg: Message, error: MessagingError): void {
    const { send, report } = this.#host
    this.fail({ msg, send, done: (unhandled) => unhandled && report(unhandled, msg) }, error)
  }

  /** Shows nothing any more: the node closes. */
  close(): void {
    this.#status.close()
    this.#host.status({})
  }

  #show(state: State): void {
    this.#state = state
    this.#status.set(this.#current)
  }

  #make(): NodeStatus {
    const { fill, shape } = LOOKS[this.#state]
    return this.#keeping > 0 && fill !== 'grey'
      ? { fill: 'blue', shape: 'dot', text: this.#host.activeText(this.#keeping) }
      : { fill, shape, text: `status.${this.#state}` }
  }

  /** Once for each account: a stop that is wired to the wrong one is so for every message. */
  #warnOnce(otherAccount: string): void {
    if (this.#otherAccounts.has(otherAccount)) return
    this.#otherAccounts.add(otherAccount)
    this.#host.warn(
      `The stop ended nothing: the account "${otherAccount}" keeps typing for this message, and only a stop with that account ends it`,
    )
  }

  #showFailure(error: MessagingError): void {
    const { kind } = error.cause
    if (kind === 'closed') return
    if (kind === 'not-configured') this.misconfigured(error)
    else this.#status.set({ fill: 'red', shape: 'dot', text: reason(error) })
  }
}

function stateOf({ otherAccount }: UnmatchedStop): State {
  return otherAccount === undefined ? 'notTyping' : 'otherAccount'
}

function unwritable(error: unknown): MessagingError {
  const text = `The message takes no msg.typing: ${describe(error)}`
  return new MessagingError('invalid-input', text)
}

/** A few words: the field that is at fault or else the kind of failure. */
function reason({ field, cause }: MessagingError): string {
  return field ? `status.check.${field}` : `status.${cause.kind}`
}
