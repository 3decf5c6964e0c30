import type { NodeStatus } from 'node-red'
import type { Connection } from '../lib/connection'
import { addFacts, closedError, type Facts, onlyKnown } from '../lib/errors'
import { isoDate } from '../lib/iso-date'
import { toMessagingError } from '../lib/message/thrown'
import { InputProcessor } from '../lib/node-red/input-processor'
import type { MessageProperties } from '../lib/node-red/message-properties'
import type { InputEvent, Message } from '../lib/node-red/node-adapter'
import type { Output } from '../lib/node-red/output'
import type { ReplyRequest, ReplyResult, Reservation } from '../lib/replies/reply'
import {
  type FIELDS,
  type ReplyContext,
  type ReplySettings,
  readContext,
  toReply,
  toTarget,
} from './reply-message'
import type { ReplyOutput } from './result'

export type State = 'replying' | 'sent'

export function toStatus(state: State): NodeStatus {
  return { fill: state === 'sent' ? 'green' : 'blue', shape: 'dot', text: `status.${state}` }
}

export interface ReplierOptions {
  /** The account's connection as it is now. @throws {MessagingError} where there is none */
  connect(): Connection
  properties: MessageProperties<(typeof FIELDS)[number]>
  settings: ReplySettings
  output: Output<State>
}

/** The message that is answered, as far as it is known. */
type MessageFacts = Pick<Facts, 'umid' | 'channel'>

/** A reply that 8x8 took. */
interface Result {
  reply: Omit<ReplyOutput, 'durationMs'>
  facts: MessageFacts
}

/** Turns messages into replies. */
export class Replier {
  readonly #options: ReplierOptions
  readonly #processor: InputProcessor<Result>
  readonly #reservations = new Set<Reservation>()

  constructor(options: ReplierOptions) {
    this.#options = options
    this.#processor = new InputProcessor<Result>(
      {
        handle: (msg) => this.#handle(msg),
        succeed: (event, result, durationMs) => this.#succeed(event, result, durationMs),
      },
      options.output,
    )
  }

  accept(event: InputEvent): void {
    this.#processor.accept(event)
  }

  /** Ends every pending reply as `closed`; resolves when every message has its output. */
  close(): Promise<void> {
    const closing = this.#processor.close()
    for (const reservation of this.#reservations) reservation.cancel()
    return closing
  }

  async #handle(msg: Message): Promise<Result> {
    const { connect, output } = this.#options
    const connection = connect()
    // Reserved before anything is read, which may take a while: replies keep the order of arrival.
    const reservation = connection.replies.reserve()
    this.#reservations.add(reservation)
    let facts: MessageFacts | undefined
    try {
      output.show('replying')
      const read = await this.#read(msg, connection, reservation)
      facts = read.facts
      const result = await reservation.send(read.request)
      return { reply: toReplyOutput(read.request, result), facts }
    } catch (thrown) {
      const error = toMessagingError(thrown)
      throw facts ? addFacts(error, facts) : error
    } finally {
      this.#reservations.delete(reservation)
    }
  }

  /** On a failure, releases the place: a final reply ends its dots nevertheless. */
  async #read(
    msg: Message,
    { client, subAccountId }: Connection,
    reservation: Reservation,
  ): Promise<{ request: ReplyRequest; facts: MessageFacts }> {
    const { properties, settings } = this.#options
    const { sources } = properties
    let context: ReplyContext | undefined
    try {
      const reading = properties.read(msg)
      const { values, error } =
        reading instanceof Promise ? await this.#processor.untilClosed(reading) : reading
      if (this.#processor.closed || client.closed) throw closedError()
      context = readContext(values, msg, subAccountId, sources.places)
      if (error) throw error
      return { request: toReply(values, context, settings, sources), facts: factsOf(context) }
    } catch (thrown) {
      const isFinal = settings.typing === 'stop'
      reservation.release(isFinal && context ? toTarget(context, subAccountId) : undefined)
      const error = toMessagingError(thrown)
      throw context ? addFacts(error, factsOf(context)) : error
    }
  }

  #succeed(event: InputEvent, { reply, facts }: Result, durationMs: number): void {
    // The customer has the reply, whatever becomes of the message.
    const known = { ...facts, maybeSent: true } as const
    this.#options.output.succeed(event, Object.assign(reply, { durationMs }), 'sent', known)
  }
}

function factsOf({ umid, channel }: ReplyContext): MessageFacts {
  return onlyKnown({ umid, channel }) as MessageFacts
}

function toReplyOutput(
  { subAccountId, bodies }: ReplyRequest,
  { umids, state, attempts, statusCode, sentAt, typing }: ReplyResult,
): Result['reply'] {
  return onlyKnown({
    umid: umids[0],
    umids: bodies.length > 1 ? umids : undefined,
    state,
    subAccountId,
    attempts,
    statusCode,
    sentAt: isoDate(sentAt),
    typing,
  }) as Result['reply']
}
