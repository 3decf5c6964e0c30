import { closedError, MessagingError, overloadedError } from '../errors'
import { backoff } from './backoff'
import type { QueuedRequest, RequestLimiter } from './limiter'
import type { Queue } from './queue'
import type { RequestOptions } from './transport'

/** ms that an attempt needs at least to be worth a request. Our choice: no answer comes sooner. */
const MIN_ATTEMPT = 10

/** What bounds a send. */
export interface RequestLimits {
  /** ms for one attempt, from its start to the end of the answer. */
  timeout: number
  /** ms for all attempts together, with the time that they wait for their turn. */
  deadline: number
  /** Whether failures that a retry can cure are retried; blank: yes. */
  retries?: boolean | undefined
  /** Source of jitter, from 0 to 1. */
  random?: (() => number) | undefined
}

/** An accepted typing indicator. */
export interface RequestResult {
  statusCode: number
  /** Attempts that it took. */
  attempts: number
  /** When the accepted request went out, epoch ms. */
  sentAt: number
}

/** One attempt. It reports `failed` once, or `accepted` and then `ended`. */
export interface Attempt {
  /** Whether it is on a connection, so that the server may carry it out whatever we do. */
  readonly written: boolean
  start(): void
  /**
   * Ends it: it reports nothing any more.
   * @returns the failure, if the head of an answer says it already
   */
  abort(): MessagingError | undefined
}

/** Hears how an attempt goes. */
export interface AttemptHandler {
  /** The head of the answer is a success. */
  onAccepted(statusCode: number): void
  /** After a success: the answer is over, in one way or another. */
  onEnd(): void
  /** The error says whether a retry can help. */
  onFailed(error: MessagingError): void
}

/** What all sends of an account share. */
export interface RequestContext extends RequestLimits {
  limiter: RequestLimiter
  /** Makes an attempt, which begins by its `start`. */
  createAttempt(post: RequestOptions, reporter: AttemptHandler): Attempt
  /** Called when nothing of a send is under way any more. */
  onFinished?(sending: ApiRequest): void
}

/**
 * A send under way: attempts until one succeeds, one fails for good, or the deadline is near.
 * Our own loop and not undici's RetryAgent: docs/adr/0002. Callbacks, one promise and one timer at
 * a time, because every message comes through here.
 */
export class ApiRequest implements QueuedRequest, AttemptHandler {
  /** Rejects with a {@link MessagingError}. */
  readonly result: Promise<RequestResult>
  /** Called when the result is there; for whoever keeps track of it. */
  onSettled: (() => void) | undefined = undefined
  // The gate's own. Set here, so that all sends have one shape.
  queue: Queue<QueuedRequest> | undefined = undefined
  prev: QueuedRequest | undefined = undefined
  next: QueuedRequest | undefined = undefined
  generation: number | undefined = undefined
  readonly #context: RequestContext
  readonly #options: RequestOptions
  readonly #deadlineAt: number
  #resolve!: (sent: RequestResult) => void
  #reject!: (error: MessagingError) => void
  #settled = false
  #cancelled = false
  #draining = false
  #attempts = 0
  #attempt: Attempt | undefined
  #sentAt = 0
  /** ms that the attempt has. */
  #attemptTimeout = 0
  #lastError: MessagingError | undefined
  /** Of the attempt, of the pause, or of the time in the queue. */
  #timer: NodeJS.Timeout | undefined

  constructor(company: RequestContext, post: RequestOptions) {
    this.#context = company
    this.#options = post
    this.#deadlineAt = performance.now() + company.deadline
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#acquire()
  }

  /** Whether the result or the end of an answer is still to come. */
  get pending(): boolean {
    return !this.#settled || this.#attempt !== undefined
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Whether it was cancelled before its result was there: 8x8 may still carry it out. */
  get cancelled(): boolean {
    return this.#cancelled
  }

  /** Whether a stop ended it: it makes no further attempt. */
  get draining(): boolean {
    return this.#draining
  }

  /** Ends it now: the result rejects as `closed`, unless it is there already. */
  cancel(): void {
    if (!this.#settled) this.#cancelled = true
    this.#abort()
  }

  /**
   * Ends it without leaving anything on the wire: what only waits (in the queue, in a pause, for a
   * connection) ends now; an attempt that was written goes on to its answer or its time limit. The
   * result rejects as `closed` where a further attempt would have followed.
   */
  drain(): void {
    if (this.#settled) return
    this.#draining = true
    if (!this.#attempt?.written) this.#abort()
  }

  #abort(): void {
    const known = this.#attempt?.abort()
    if (known) this.onFailed(known)
    else if (this.#settled) this.onEnd()
    else this.#fail(closedError())
  }

  /** @internal its turn, by the gate */
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
  onAccepted(statusCode: number): void {
    this.#settled = true
    this.#context.limiter.onSuccess(this)
    this.#resolve({ statusCode, attempts: this.#attempts, sentAt: this.#sentAt })
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
    else if (!error.cause.retryable) limiter.onSuccess(this) // no sign of too many requests
    this.#retryUnless(error)
  }

  /** Takes its turn, or its place among those who wait. */
  #acquire(): void {
    const { limiter } = this.#context
    const where = limiter.acquire(this, this.#attempts > 0)
    if (where === 'inside') return
    if (where === 'waiting') {
      this.#timer = setTimeout(
        () => this.#onDeadline(),
        Math.ceil(this.#deadlineAt - performance.now()),
      )
    } else {
      this.#fail(where === 'closed' ? closedError() : overloadedError(limiter.waiting))
    }
  }

  /** The attempt took too long, or its answer does not end. */
  #onAttemptTimeout(): void {
    const known = this.#attempt?.abort()
    if (known) this.onFailed(known)
    else if (this.#settled) this.onEnd()
    // What came before says more than an attempt that the deadline cuts short.
    else if (this.#lastError && this.#attemptTimeout < this.#context.timeout)
      this.#fail(this.#lastError)
    else this.#retryUnless(timeoutError(this.#attemptTimeout))
  }

  /** The deadline passed before its turn came. */
  #onDeadline(): void {
    const { limiter, deadline } = this.#context
    this.#fail(this.#lastError ?? queueTimeoutError(limiter.isRateLimited, deadline))
  }

  /** After an attempt: pauses for the next one, unless there is none. */
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

/** @param held whether 8x8 asked for fewer requests; @param ms how long the message waited */
function queueTimeoutError(held: boolean, ms: number): MessagingError {
  const text = `the turn of the message did not come within ${ms / 1000} s`
  if (held) return new MessagingError('rate-limited', `8x8 limits the rate of requests: ${text}`)
  return new MessagingError('timeout', `Too many requests are under way: ${text}`)
}
