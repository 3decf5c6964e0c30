import { asMaybeSent, closedError, MessagingError, overloadedError } from '../errors'
import { backoff } from './backoff'
import type { Priority, QueuedRequest, RequestLimiter } from './limiter'
import type { Queue } from './queue'
import type { Receipt } from './response-body'
import type { RequestOptions } from './transport'

/** ms; an attempt with less time left is not made. Our choice: no answer comes sooner. */
const MIN_ATTEMPT = 10

/** What bounds a request. */
export interface RequestLimits {
  /** ms for one attempt, from its start to the end of the response. */
  timeout: number
  /** ms for all attempts together, including the time in the queue. */
  deadline: number
  /** Whether to retry retryable failures; default true. */
  retries?: boolean | undefined
  /** Source of jitter, from 0 to 1. */
  random?: (() => number) | undefined
}

/** A request that 8x8 accepted. */
export interface RequestResult {
  statusCode: number
  /** Attempts that it took. */
  attempts: number
  /** When the accepted attempt went out, epoch ms. */
  sentAt: number
  /** Of a reply: what 8x8 says of it; absent where the body is empty or cut. */
  response?: Receipt
}

/** One attempt. It reports `onFailed` once, or `onAccepted` and then `onEnd`. */
export interface Attempt {
  /** Whether it was written to a connection, so that the server may carry it out whatever we do. */
  readonly written: boolean
  start(): void
  /**
   * Ends it: it reports nothing more, except a success whose head has arrived.
   * @returns the failure, if the head of an error response has arrived
   */
  abort(): MessagingError | undefined
}

/** Receives the events of an attempt. */
export interface AttemptHandler {
  /** The response is a success. @param receipt of a reply, if there is one */
  onAccepted(statusCode: number, receipt?: Receipt): void
  /** After a success: the response has ended or was cut. */
  onEnd(): void
  /** The error says whether a retry can help. */
  onFailed(error: MessagingError): void
}

/** What all requests of an account share. */
export interface RequestContext extends RequestLimits {
  limiter: RequestLimiter
  /** Creates an attempt; its `start` sends the request. */
  createAttempt(options: RequestOptions, handler: AttemptHandler): Attempt
  /** Called when a request has its result, and nothing of it is in flight. */
  onFinished?(request: ApiRequest): void
}

/**
 * A request with retries: attempts until one succeeds, one fails for good, or the deadline is near.
 * Our own loop and not undici's retry handler: docs/adr/0002. Callbacks, one promise and one timer
 * at a time, because every message comes through here.
 */
export class ApiRequest implements QueuedRequest, AttemptHandler {
  /** Rejects with a {@link MessagingError}. */
  readonly result: Promise<RequestResult>
  /** Called when the result is known. */
  onSettled: (() => void) | undefined = undefined
  // Set by the limiter. Declared here, so that all requests have the same hidden class.
  queue: Queue<QueuedRequest> | undefined = undefined
  prev: QueuedRequest | undefined = undefined
  next: QueuedRequest | undefined = undefined
  generation: number | undefined = undefined
  priority: Priority | undefined = undefined
  readonly #context: RequestContext
  readonly #options: RequestOptions
  readonly #deadlineAt: number
  #resolve!: (result: RequestResult) => void
  #reject!: (error: MessagingError) => void
  #settled = false
  #cancelled = false
  #draining = false
  #attempts = 0
  #attempt: Attempt | undefined
  #sentAt = 0
  /** ms for the current attempt. */
  #attemptTimeout = 0
  #lastError: MessagingError | undefined
  /** Of the attempt, of the pause, or of the time in the queue. */
  #timer: NodeJS.Timeout | undefined

  constructor(context: RequestContext, options: RequestOptions) {
    this.#context = context
    this.#options = options
    this.#deadlineAt = performance.now() + context.deadline
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#acquire()
  }

  /** Whether the result or the end of a response is still to come. */
  get pending(): boolean {
    return !this.#settled || this.#attempt !== undefined
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Whether its current attempt was written to a connection. */
  get written(): boolean {
    return this.#attempt?.written ?? false
  }

  /** Whether it was cancelled before it had a result: 8x8 may still carry it out. */
  get cancelled(): boolean {
    return this.#cancelled
  }

  /** Whether a stop ended it: no further attempt follows. */
  get draining(): boolean {
    return this.#draining
  }

  /** Ends it now: the result rejects as `closed`, unless it has settled. */
  cancel(): void {
    if (!this.#settled) this.#cancelled = true
    this.#abort()
  }

  /**
   * Ends it without leaving anything in flight: if it is waiting (in the queue, in a pause, for a
   * connection), it ends now; a written attempt continues to its response or time limit. The result
   * rejects as `closed` where another attempt would have followed.
   */
  drain(): void {
    if (this.#settled) return
    this.#draining = true
    if (!this.written) this.#abort()
  }

  #abort(): void {
    const { written } = this
    const known = this.#attempt?.abort()
    if (known) this.onFailed(known)
    else if (this.#settled) this.onEnd()
    else this.#fail(written ? this.#markIfMaybeSent(closedError()) : closedError())
  }

  /** @internal by the limiter: it has a slot */
  onAcquired(): void {
    clearTimeout(this.#timer)
    const { timeout } = this.#context
    const remaining = this.#deadlineAt - performance.now()
    if (remaining < Math.min(MIN_ATTEMPT, timeout)) {
      this.#onDeadline()
      return
    }
    this.#attempts++
    this.#attemptTimeout = Math.min(timeout, remaining)
    this.#sentAt = Date.now()
    this.#timer = setTimeout(() => this.#onAttemptTimeout(), this.#attemptTimeout)
    this.#attempt = this.#context.createAttempt(this.#options, this)
    this.#attempt.start()
  }

  /** @internal by the attempt */
  onAccepted(statusCode: number, receipt?: Receipt): void {
    this.#settled = true
    this.#context.limiter.onSuccess(this)
    const result: RequestResult = { statusCode, attempts: this.#attempts, sentAt: this.#sentAt }
    if (receipt) result.response = receipt
    this.#resolve(result)
    this.onSettled?.()
  }

  /** @internal by the attempt */
  onEnd(): void {
    if (!this.#attempt) return
    this.#attempt = undefined
    this.#finish()
  }

  /** @internal by the attempt */
  onFailed(error: MessagingError): void {
    const { limiter } = this.#context
    if (error.cause.kind === 'rate-limited') limiter.onRateLimited(this, error.retryAfter)
    else if (!error.cause.retryable) limiter.onSuccess(this) // not a sign of too many requests
    this.#retryUnless(this.#attempt?.written ? this.#markIfMaybeSent(error) : error)
  }

  /** Gets a slot, or a place in the queue. */
  #acquire(): void {
    const { limiter } = this.#context
    const priority = this.#options.atMostOnce ? 'high' : 'normal'
    const outcome = limiter.acquire(this, { priority, isRetry: this.#attempts > 0 })
    if (outcome === 'acquired') return
    if (outcome === 'queued') {
      this.#timer = setTimeout(
        () => this.#onDeadline(),
        Math.ceil(this.#deadlineAt - performance.now()),
      )
    } else {
      const overload = () => overloadedError(limiter.waitingWith(priority))
      this.#fail(outcome === 'closed' ? closedError() : overload())
    }
  }

  /** The attempt took too long, or its response did not end. */
  #onAttemptTimeout(): void {
    const { written } = this
    const known = this.#attempt?.abort()
    if (known) this.onFailed(known)
    else if (this.#settled) this.onEnd()
    else if (written && this.#options.atMostOnce)
      this.#fail(this.#markIfMaybeSent(timeoutError(this.#attemptTimeout)))
    // The earlier failure says more than an attempt that the deadline cut short.
    else if (this.#lastError && this.#attemptTimeout < this.#context.timeout)
      this.#fail(this.#lastError)
    else this.#retryUnless(timeoutError(this.#attemptTimeout))
  }

  /** The failure of a written attempt: marked where the request must not be carried out twice. */
  #markIfMaybeSent(error: MessagingError): MessagingError {
    const { statusCode = 0 } = error.cause
    const isRefused = statusCode >= 300 && statusCode < 500 && statusCode !== 408
    return this.#options.atMostOnce && !isRefused ? asMaybeSent(error) : error
  }

  /** The deadline passed in the queue. */
  #onDeadline(): void {
    const { limiter, deadline } = this.#context
    this.#fail(this.#lastError ?? queueTimeoutError(limiter, deadline))
  }

  /** Pauses before the next attempt, if there is one; otherwise fails. */
  #retryUnless(error: MessagingError): void {
    this.#attempt = undefined
    this.#lastError = error
    const { limiter, random, retries = true } = this.#context
    const pause = Math.max(error.retryAfter ?? 0, backoff(this.#attempts, random))
    const fits = performance.now() + Math.max(pause, limiter.blockedFor()) < this.#deadlineAt
    const { retryable } = error.cause
    const ending = this.#cancelled || this.#draining
    if (retryable && retries && fits && !ending) {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#acquire(), pause)
      limiter.release(this)
    } else {
      this.#fail(ending && retryable ? closedError() : error)
    }
  }

  #fail(error: MessagingError): void {
    this.#settled = true
    this.#attempt = undefined
    error.cause.attempts = this.#attempts
    this.#reject(error)
    this.onSettled?.()
    this.#finish()
  }

  #finish(): void {
    clearTimeout(this.#timer)
    const { limiter, onFinished } = this.#context
    limiter.release(this)
    onFinished?.(this)
  }
}

function timeoutError(ms: number): MessagingError {
  return new MessagingError('timeout', `8x8 did not answer within ${Math.round(ms) / 1000} s`)
}

/** @param ms how long the message was queued */
function queueTimeoutError(limiter: RequestLimiter, ms: number): MessagingError {
  const text = `the message was still queued after ${ms / 1000} s`
  if (limiter.isRateLimited) {
    return new MessagingError('rate-limited', `8x8 limits the rate of requests: ${text}`)
  }
  const advice = `Max. in flight of the account is ${limiter.maxInFlight}`
  return new MessagingError('timeout', `Too many requests: ${text}. ${advice}`)
}
