import { types } from 'node:util'
import type { ApiRequest } from '../lib/client/request'
import type { Connection } from '../lib/connection'
import { closedError, MessagingError, onlyKnown } from '../lib/errors'
import type { Sources } from '../lib/message/diagnose'
import { describe, property, unreadable } from '../lib/message/thrown'
import type { InputEvent, Output, Typing, UnmatchedStop } from '../lib/node-red/outcome'
import type { Action } from '../lib/typing/actions'
import type { Owner } from '../lib/typing/sessions'
import { type IndicatorRequest, readAction, toRequest, toStop, type Values } from './request'
import type { Timing } from './timing'

/** What an indicator is made of. */
export interface IndicatorOptions {
  /** The node's; stays the same when it is deployed again. */
  id: string
  /** The account's connection as it is now. @throws {MessagingError} where there is none */
  connect(): Connection
  /** `msg`: what `msg.action` says. */
  action: Action | 'msg'
  rhythm: Timing
  /** Reads the configured properties for a message; a promise only where it has to be one. */
  read(msg: InputEvent['msg']): Values | Promise<Values>
  /** Where it reads them, for errors. */
  sources: Sources
  /** Whether a message of a channel without typing indicators passes, instead of failing. */
  passUnsupported: boolean
  /** A message of its own, with all that is in it; may throw. */
  clone(msg: InputEvent['msg']): InputEvent['msg']
  outcome: Output
}

/** Lacks what the caller knows: how long the message was in hand. */
type IndicatorResult = Omit<Typing, 'durationMs'> & { durationMs?: number }

/** What a message that succeeds comes to. */
interface Result {
  typing: IndicatorResult
  /** Set for a stop that ended nothing. */
  unmatched?: UnmatchedStop
}

/** From messages to typing indicators: each message that comes in ends in one outcome. */
export class Indicator {
  readonly #options: IndicatorOptions
  readonly #owner: Owner
  /** The last one used: whatever we keep up, we keep up there. */
  #connection: Connection | undefined
  /** Messages without an outcome. */
  #pending = 0
  /** Called when there is none any more; set while it closes. */
  #onIdle: (() => void) | undefined
  readonly #sendings = new Set<ApiRequest>()
  /** Ends the reading of a message: an expression may wait for something that never comes. */
  readonly #readings = new Set<() => void>()
  #closed = false

  constructor(parts: IndicatorOptions) {
    this.#options = parts
    const { id, outcome } = parts
    this.#owner = { id, onActiveChanged: (sessions) => outcome.showActive(sessions) }
  }

  /** Takes a message in hand. */
  accept(task: InputEvent): void {
    this.#pending++
    void this.#handle(task)
  }

  /**
   * Ends every message in hand as `closed`, and every session of this node; resolves when each
   * message has had its outcome.
   */
  async close(): Promise<void> {
    this.#closed = true
    for (const sending of this.#sendings) sending.cancel()
    for (const cancel of this.#readings) cancel()
    this.#connection?.sessions.close(this.#owner)
    if (this.#pending > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    this.#options.outcome.close()
  }

  /** Never rejects. */
  async #handle(task: InputEvent): Promise<void> {
    const startedAt = performance.now()
    let result: Result | MessagingError
    try {
      result = await this.#perform(task.msg)
    } catch (error) {
      result = toMessagingError(error)
    }
    try {
      this.#finish(task, result, startedAt)
    } catch (error) {
      this.#options.outcome.reportLost(error)
    }
    this.#pending--
    if (this.#pending === 0) this.#onIdle?.()
  }

  /** @param startedAt when the message came in, performance.now() */
  #finish(task: InputEvent, result: Result | MessagingError, startedAt: number): void {
    const { outcome } = this.#options
    const success = result instanceof MessagingError ? this.#toSkipped(result) : result
    if (success instanceof MessagingError) {
      outcome.fail(task, success)
      return
    }
    const { typing, unmatched } = success
    typing.durationMs ??= Math.round(performance.now() - startedAt)
    const { state, umid, duplicate } = typing
    const told = outcome.succeed(task, typing as Typing, unmatched)
    // The flow got an error instead of msg.typing, so it will never send a stop.
    const started = state === 'active' && !duplicate
    if (!told && started && umid) this.#connection?.sessions.stop({ umid }).catch(() => {})
  }

  /** A message of a channel without indicators passes, where the node says so. */
  #toSkipped(error: MessagingError): Result | MessagingError {
    const { kind, umid, channel } = error.cause
    if (kind !== 'unsupported-channel' || !this.#options.passUnsupported) return error
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

  async #perform(msg: InputEvent['msg']): Promise<Result> {
    const { outcome, read, connect, sources } = this.#options
    const connection = connect()
    this.#connection = connection
    const fixed = this.#options.action
    const action = fixed === 'msg' ? readAction(msg, sources) : fixed
    if (action !== 'stop') outcome.sending()
    const reading = read(msg)
    const values = reading instanceof Promise ? await this.#untilClosed(reading) : reading
    if (this.#closed || connection.client.closed) throw closedError()
    const { subAccountId } = connection
    if (action === 'stop') return this.#stop(connection, toStop(values, msg, subAccountId, sources))
    const request = toRequest(values, msg, subAccountId, Date.now(), sources)
    try {
      const typing = await (action === 'start'
        ? this.#start(connection, request, msg)
        : this.#send(connection, request))
      return { typing }
    } catch (error) {
      throw addMessageFacts(request, toMessagingError(error))
    }
  }

  #untilClosed<T>(reading: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = () => reject(closedError())
      this.#readings.add(cancel)
      reading.then(resolve, reject).finally(() => this.#readings.delete(cancel))
    })
  }

  async #send({ sessions }: Connection, request: IndicatorRequest): Promise<IndicatorResult> {
    const { umid, channel, subAccountId } = request
    const sending = sessions.send(request)
    if (!sending) {
      return { state: 'stopped', umid, channel, subAccountId, attempts: 0, duplicate: true }
    }
    this.#sendings.add(sending)
    try {
      const { statusCode, attempts, sentAt } = await sending.result
      const when = isoDate(sentAt)
      return { state: 'sent', umid, channel, subAccountId, statusCode, attempts, sentAt: when }
    } catch (error) {
      const { kind, attempts } = (error as MessagingError).cause
      const stopped = kind === 'closed' && sending.draining && !sending.cancelled
      if (!stopped) throw error
      return { state: 'stopped', umid, channel, subAccountId, attempts }
    } finally {
      this.#sendings.delete(sending)
    }
  }

  async #start(
    { sessions }: Connection,
    request: IndicatorRequest,
    msg: InputEvent['msg'],
  ): Promise<IndicatorResult> {
    const { rhythm, outcome, clone } = this.#options
    const { umid, channel, subAccountId, conversation, receivedAt, expiresIn } = request
    const { initialDelay, maxDuration } = rhythm
    const renewEvery = rhythm.renewEvery(channel)
    const later = copyForLater(msg, clone)
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
      (error) => outcome.failLater(later, error),
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
    const stopped = await this.#untilClosed(sessions.stop(which))
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

const PROTO = '__proto__'

/**
 * A message of its own, as it came in, for an end without an answer. The flow goes on with the
 * message itself and answers its HTTP request, so it has no `req` and `res`.
 * @throws {MessagingError} `invalid-input` for one that cannot be copied
 */
function copyForLater(msg: InputEvent['msg'], clone: IndicatorOptions['clone']): InputEvent['msg'] {
  const kept: InputEvent['msg'] = {}
  // Read here, and not by `clone`, which takes req and res off the message and on again.
  for (const key of Object.keys(msg)) {
    if (key !== 'req' && key !== 'res' && key !== PROTO) kept[key] = property(msg, key)
  }
  const copy = cloneMessage(kept, clone)
  if (!Object.hasOwn(msg, PROTO)) return copy
  // To assign it would change the prototype of the copy.
  const value = cloneValue(`msg.${PROTO}`, property(msg, PROTO), clone)
  const usual = { enumerable: true, configurable: true, writable: true }
  return Object.defineProperty(copy, PROTO, { value, ...usual })
}

/** @throws {MessagingError} that names the property at fault, if it is one alone */
function cloneMessage(msg: InputEvent['msg'], clone: IndicatorOptions['clone']): InputEvent['msg'] {
  try {
    return cloneValue('The message', msg, clone)
  } catch (error) {
    for (const [key, value] of Object.entries(msg)) cloneValue(`msg.${key}`, value, clone)
    throw error
  }
}

function cloneValue<T>(what: string, value: T, clone: IndicatorOptions['clone']): T {
  try {
    return clone({ value }).value as T
  } catch (thrown) {
    throw new MessagingError('invalid-input', `${what} cannot be copied: ${describe(thrown)}`)
  }
}

/** The last time that was written: of a busy node, many messages go out in the same ms. */
let last = { ms: Number.NaN, text: '' }

/** @param ms since 1970 */
function isoDate(ms: number): string {
  if (ms !== last.ms) last = { ms, text: new Date(ms).toISOString() }
  return last.text
}

/** Adds what the failure is about. */
function addMessageFacts(
  { umid, channel }: IndicatorRequest,
  failure: MessagingError,
): MessagingError {
  Object.assign(failure.cause, { umid, channel })
  return failure
}

/** Anything else than a MessagingError comes from a message that throws when it is looked at. */
function toMessagingError(error: unknown): MessagingError {
  // A proxy can throw even when it is asked what it is.
  return types.isProxy(error) || !(error instanceof MessagingError)
    ? unreadable('The message', error)
    : error
}
