import type { ApiRequest } from '../lib/client/request'
import type { Connection } from '../lib/connection'
import { addFacts, closedError, type MessagingError, onlyKnown } from '../lib/errors'
import { isoDate } from '../lib/iso-date'
import { toMessagingError } from '../lib/message/thrown'
import { InputProcessor } from '../lib/node-red/input-processor'
import type { MessageProperties } from '../lib/node-red/message-properties'
import type { InputEvent, Message } from '../lib/node-red/node-adapter'
import type { Output } from '../lib/node-red/output'
import type { Action } from '../lib/typing/actions'
import type { Owner } from '../lib/typing/session'
import { copyForLater } from './copy-message'
import type { IndicatorStatus, State } from './indicator-status'
import { type FIELDS, type IndicatorRequest, readAction, toRequest, toStop } from './request'
import type { Typing } from './result'
import type { Timing } from './timing'

export interface IndicatorOptions {
  /** The node's id; stays the same when it is redeployed. */
  id: string
  /** The account's connection as it is now. @throws {MessagingError} where there is none */
  connect(): Connection
  /** `msg`: the action in `msg.action`. */
  action: Action | 'msg'
  timing: Timing
  properties: MessageProperties<(typeof FIELDS)[number]>
  /** Whether a message of a channel without typing indicators passes, instead of failing. */
  passUnsupported: boolean
  /** Copies a message deeply; may throw. */
  clone(msg: Message): Message
  /** Whether messages that succeed go on to another node. */
  isWired(): boolean
  output: Output<State>
  status: IndicatorStatus
  /** Writes to the log and the sidebar. */
  warn(text: string): void
}

/** `durationMs` only if it is not simply the time since the message arrived. */
type IndicatorResult = Omit<Typing, 'durationMs'> & { durationMs?: number }

/** A message that succeeds. */
interface Result {
  typing: IndicatorResult
  /** Set for a stop that found nothing. */
  unmatched?: UnmatchedStop
}

/** A stop that found nothing. */
interface UnmatchedStop {
  /** The name of another account that keeps typing there. */
  otherAccount: string | undefined
}

/** Turns messages into typing indicators. */
export class Indicator {
  readonly #options: IndicatorOptions
  readonly #processor: InputProcessor<Result>
  readonly #owner: Owner
  /** The connection that was used last; it has the sessions of this node. */
  #connection: Connection | undefined
  readonly #requests = new Set<ApiRequest>()
  /** Accounts that a warning named. */
  readonly #otherAccounts = new Set<string>()

  constructor(options: IndicatorOptions) {
    this.#options = options
    const { id, output, status } = options
    const onActiveChanged = (sessions: number) => {
      status.active = sessions
      output.show('stopped')
    }
    this.#owner = { id, onActiveChanged }
    this.#processor = new InputProcessor<Result>(
      {
        handle: (msg) => this.#handle(msg),
        succeed: (event, result, durationMs) => this.#succeed(event, result, durationMs),
      },
      output,
    )
  }

  accept(event: InputEvent): void {
    this.#processor.accept(event)
  }

  /**
   * Ends every pending message as `closed`, and every session of this node; resolves when every
   * message has its output.
   */
  close(): Promise<void> {
    const closing = this.#processor.close()
    for (const request of this.#requests) request.cancel()
    this.#connection?.sessions.close(this.#owner)
    return closing
  }

  async #handle(msg: Message): Promise<Result> {
    const { output, properties, connect } = this.#options
    const { redact } = properties.sources
    const connection = connect()
    this.#connection = connection
    const fixed = this.#options.action
    const action = fixed === 'msg' ? readAction(msg, redact) : fixed
    if (action !== 'stop') output.show('sending')
    const reading = properties.read(msg)
    const { values, error } =
      reading instanceof Promise ? await this.#processor.untilClosed(reading) : reading
    if (this.#processor.closed || connection.client.closed) throw closedError()
    if (error) throw error
    const { subAccountId } = connection
    const { sources } = properties
    if (action === 'stop') return this.#stop(connection, toStop(values, msg, subAccountId, sources))
    let request: IndicatorRequest
    try {
      request = toRequest(values, msg, subAccountId, Date.now(), sources)
    } catch (error) {
      return this.#skip(toMessagingError(error))
    }
    try {
      const typing = await (action === 'start'
        ? this.#start(connection, request, msg)
        : this.#send(connection, request))
      return { typing }
    } catch (error) {
      const { umid, channel } = request
      throw addFacts(toMessagingError(error), { umid, channel })
    }
  }

  #succeed(event: InputEvent, { typing, unmatched }: Result, durationMs: number): void {
    const { output } = this.#options
    typing.durationMs ??= durationMs
    const { state, umid, duplicate } = typing
    const delivered = output.succeed(event, typing, unmatched ? stateOf(unmatched) : state)
    if (delivered) {
      if (unmatched?.otherAccount) this.#warnOnce(unmatched.otherAccount)
      return
    }
    // The flow got an error instead of msg.typing, so it will never send a stop.
    const started = state === 'active' && !duplicate
    if (started && umid) this.#connection?.sessions.stop({ umid }).catch(() => {})
  }

  /** Warns once per account: a stop with the wrong account has it for every message. */
  #warnOnce(otherAccount: string): void {
    if (this.#otherAccounts.has(otherAccount)) return
    this.#otherAccounts.add(otherAccount)
    this.#options.warn(
      `The stop ended nothing: the account "${otherAccount}" is typing for this message. Choose that account in the stop node.`,
    )
  }

  /**
   * Passes on a message of a channel without indicators, if the node is set to.
   * @throws {MessagingError} any other failure
   */
  #skip(error: MessagingError): Result {
    const { kind, umid, channel } = error.cause
    if (kind !== 'unsupported-channel' || !this.#options.passUnsupported) throw error
    const { subAccountId } = error
    return {
      typing: onlyKnown<IndicatorResult>({
        state: 'skipped',
        umid,
        channel,
        subAccountId,
        attempts: 0,
      }),
    }
  }

  async #send({ sessions }: Connection, request: IndicatorRequest): Promise<IndicatorResult> {
    const { umid, channel, subAccountId } = request
    const apiRequest = sessions.send(request)
    if (!apiRequest) {
      return { state: 'stopped', umid, channel, subAccountId, attempts: 0, duplicate: true }
    }
    this.#requests.add(apiRequest)
    try {
      const { statusCode, attempts, sentAt } = await apiRequest.result
      const when = isoDate(sentAt)
      return { state: 'sent', umid, channel, subAccountId, statusCode, attempts, sentAt: when }
    } catch (error) {
      const { kind, attempts } = (error as MessagingError).cause
      const stopped = kind === 'closed' && apiRequest.draining && !apiRequest.cancelled
      if (!stopped) throw error
      return { state: 'stopped', umid, channel, subAccountId, attempts }
    } finally {
      this.#requests.delete(apiRequest)
    }
  }

  async #start(
    { sessions }: Connection,
    request: IndicatorRequest,
    msg: Message,
  ): Promise<IndicatorResult> {
    const { timing, output, clone, isWired } = this.#options
    const { umid, channel, subAccountId, conversation, receivedAt, expiresIn } = request
    const { initialDelay, maxDuration } = timing
    const renewEvery = timing.renewEvery(channel)
    // Nobody changes a message that does not go on, and its copy costs as much as all of a stop.
    const copy = copyForLater(msg, isWired() ? clone : (kept) => kept)
    const started = await sessions.start(
      {
        umid,
        channel,
        subAccountId,
        conversation,
        receivedAt,
        expiresIn,
        initialDelay,
        renewEvery,
        maxDuration,
      },
      this.#owner,
      (error) => output.failLater(copy, error),
    )
    const { state, sent, duplicate } = started
    const typing: IndicatorResult = {
      state,
      umid,
      channel,
      subAccountId,
      attempts: sent?.attempts ?? 0,
    }
    if (duplicate) typing.duplicate = true
    if (sent) {
      typing.statusCode = sent.statusCode
      typing.sentAt = isoDate(sent.sentAt)
    }
    return typing
  }

  async #stop({ sessions }: Connection, which: ReturnType<typeof toStop>): Promise<Result> {
    const stopped = await this.#processor.untilClosed(sessions.stop(which))
    if (!stopped) {
      const { channel, subAccountId } = which
      const umid = 'umid' in which ? which.umid : undefined
      const counts = { indicators: 0, attempts: 0, durationMs: 0 }
      return {
        typing: onlyKnown<IndicatorResult>({
          state: 'stopped',
          umid,
          channel,
          subAccountId,
          ...counts,
        }),
        unmatched: { otherAccount: sessions.otherAccount(which) },
      }
    }
    const { umid, channel, subAccountId, indicators, attempts, typedFor } = stopped
    const durationMs = typedFor
    return {
      typing: { state: 'stopped', umid, channel, subAccountId, indicators, attempts, durationMs },
    }
  }
}

function stateOf({ otherAccount }: UnmatchedStop): State {
  return otherAccount === undefined ? 'notTyping' : 'otherAccount'
}
