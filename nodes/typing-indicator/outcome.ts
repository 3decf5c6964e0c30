import type { NodeStatus } from 'node-red'
import type { Facts, TypingError } from '../account/errors'

/** What a success adds to a message, as `msg.typing`. */
export interface Typing {
  state: 'sent' | 'skipped'
  umid?: string
  channel?: string
  subAccountId?: string
  /** Requests sent for the message. */
  attempts: number
  statusCode?: number
  /** When the accepted request went out, ISO 8601. */
  sentAt?: string
  /** ms that the node had the message in hand. */
  durationMs: number
}

/** What a failure adds to a message, as `msg.error`: what a Catch node adds, and the facts. */
export interface ErrorOutput extends Facts {
  message: string
  source: { id: string; type: string; name?: string }
}

/** A message that the node has in hand. */
export interface Task {
  msg: Record<string, unknown>
  send(outputs: [success: object | null, error: object | null]): void
  done(error?: Error): void
}

/** The node, as far as outcomes are concerned. */
export interface Host {
  readonly id: string
  readonly type: string
  readonly name?: string
  status(status: NodeStatus): void
  /** Whether a node is wired to output 2. */
  handlesErrors(): boolean
}

/**
 * Ends each task in exactly one output, or one `done(error)`, and shows how it went.
 * Status texts are keys of the catalog: the editor translates them for whoever looks.
 */
export class Outcome {
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  /** Nothing under way, and nothing wrong with the configuration. */
  idle(): void {
    this.#host.status({})
  }

  /** The configuration is wrong: no message can be sent. */
  misconfigured(error: TypingError): void {
    this.#host.status({ fill: 'red', shape: 'ring', text: reason(error) })
  }

  sending(): void {
    this.#host.status({ fill: 'blue', shape: 'dot', text: 'status.sending' })
  }

  succeed({ msg, send, done }: Task, typing: Typing): void {
    const fill = typing.state === 'sent' ? 'green' : 'grey'
    this.#host.status({ fill, shape: 'dot', text: `status.${typing.state}` })
    msg.typing = typing
    send([msg, null])
    done()
  }

  fail({ msg, send, done }: Task, error: TypingError): void {
    this.#showFailure(error)
    if (!this.#host.handlesErrors()) {
      done(error)
      return
    }
    const { id, type, name } = this.#host
    if (msg.error !== undefined) msg._error = msg.error
    msg.error = {
      message: error.message,
      ...error.cause,
      source: { id, type, ...(name && { name }) },
    } satisfies ErrorOutput
    send([null, msg])
    done()
  }

  #showFailure(error: TypingError): void {
    const { kind } = error.cause
    if (kind === 'closed') this.idle()
    else if (kind === 'not-configured') this.misconfigured(error)
    else this.#host.status({ fill: 'red', shape: 'dot', text: reason(error) })
  }
}

/** A few words: the field that is at fault or else the kind of failure. */
function reason({ field, cause }: TypingError): string {
  return field ? `status.check.${field}` : `status.${cause.kind}`
}
