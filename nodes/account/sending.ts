import { backoff } from './backoff'
import { closedError, overloadedError, TypingError } from './errors'
import type { Gate, Guest } from './gate'
import type { Queue } from './queue'

/** ms that an attempt needs at least to be worth a request. Our choice: no answer comes sooner. */
const SHORTEST_ATTEMPT = 10

/** What bounds a send. */
export interface Limits {
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
export interface Sent {
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
  abort(): TypingError | undefined
}

/** Hears how an attempt goes. */
export interface Reporter {
  /** The head of the answer is a success. */
  accepted(statusCode: number): void
  /** After a success: the answer is over, in one way or another. */
  ended(): void
  /** The error says whether a retry can help. */
  failed(error: TypingError): void
}

/** What is posted. */
export interface Post {
  path: string
  body: string
}

/** What all sends of an account share. */
export interface Company extends Limits {
  gate: Gate
  /** Makes an attempt, which begins by its `start`. */
  attempt(post: Post, reporter: Reporter): Attempt
  /** Called when nothing of a send is under way any more. */
  over?(sending: Sending): void
}

/**
 * A send under way: attempts until one succeeds, one fails for good, or the deadline is near.
 * Our own loop and not undici's RetryAgent: docs/adr/0002. Callbacks, one promise and one timer at
 * a time, because every message comes through here.
 */
export class Sending implements Guest, Reporter {
  /** Rejects with a {@link TypingError}. */
  readonly result: Promise<Sent>
  /** Called when the result is there; for whoever keeps track of it. */
  onSettled: (() => void) | undefined = undefined
  // The gate's own. Set here, so that all sends have one shape.
  queue: Queue<Guest> | undefined = undefined
  ahead: Guest | undefined = undefined
  behind: Guest | undefined = undefined
  era: number | undefined = undefined
  readonly #company: Company
  readonly #post: Post
  readonly #end: number
  #resolve!: (sent: Sent) => void
  #reject!: (error: TypingError) => void
  #settled = false
  #cancelled = false
  #draining = false
  #attempts = 0
  #attempt: Attempt | undefined
  #sentAt = 0
  /** ms that the attempt has. */
  #limit = 0
  #last: TypingError | undefined
  /** Of the attempt, of the pause, or of the time in the queue. */
  #timer: NodeJS.Timeout | undefined

  constructor(company: Company, post: Post) {
    this.#company = company
    this.#post = post
    this.#end = performance.now() + company.deadline
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#enter()
  }

  /** Whether the result or the end of an answer is still to come. */
  get underWay(): boolean {
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
    if (known) this.failed(known)
    else if (this.#settled) this.ended()
    else this.#fail(closedError())
  }

  /** @internal its turn, by the gate */
  admitted(): void {
    clearTimeout(this.#timer)
    const { timeout } = this.#company
    const remaining = this.#end - performance.now()
    if (remaining < Math.min(SHORTEST_ATTEMPT, timeout)) {
      this.#expire()
      return
    }
    this.#attempts++
    this.#limit = Math.min(timeout, remaining)
    this.#sentAt = Date.now()
    this.#timer = setTimeout(() => this.#timeUp(), this.#limit)
    this.#attempt = this.#company.attempt(this.#post, this)
    this.#attempt.start()
  }

  /** @internal by the attempt */
  accepted(statusCode: number): void {
    this.#settled = true
    this.#company.gate.succeeded(this)
    this.#resolve({ statusCode, attempts: this.#attempts, sentAt: this.#sentAt })
    this.onSettled?.()
  }

  /** @internal by the attempt */
  ended(): void {
    if (!this.#attempt) return
    this.#attempt = undefined
    this.#leave()
  }

  /** @internal by the attempt */
  failed(error: TypingError): void {
    const { gate } = this.#company
    if (error.cause.kind === 'rate-limited') gate.refused(this, error.retryAfter)
    else if (!error.cause.retryable) gate.succeeded(this) // no sign of too many requests
    this.#retryUnless(error)
  }

  /** Takes its turn, or its place among those who wait. */
  #enter(): void {
    const { gate } = this.#company
    const where = gate.enter(this, this.#attempts > 0)
    if (where === 'inside') return
    if (where === 'waiting') {
      this.#timer = setTimeout(() => this.#expire(), Math.ceil(this.#end - performance.now()))
    } else {
      this.#fail(where === 'closed' ? closedError() : overloadedError(gate.waiting))
    }
  }

  /** The attempt took too long, or its answer does not end. */
  #timeUp(): void {
    const known = this.#attempt?.abort()
    if (known) this.failed(known)
    else if (this.#settled) this.ended()
    // What came before says more than an attempt that the deadline cuts short.
    else if (this.#last && this.#limit < this.#company.timeout) this.#fail(this.#last)
    else this.#retryUnless(timeoutError(this.#limit))
  }

  /** The deadline passed before its turn came. */
  #expire(): void {
    const { gate, deadline } = this.#company
    this.#fail(this.#last ?? waitedError(gate.restrained, deadline))
  }

  /** After an attempt: pauses for the next one, unless there is none. */
  #retryUnless(error: TypingError): void {
    this.#attempt = undefined
    this.#last = error
    const { gate, random, retries = true } = this.#company
    const pause = Math.max(error.retryAfter ?? 0, backoff(this.#attempts, random))
    const fits = performance.now() + Math.max(pause, gate.heldFor()) < this.#end
    const { retryable } = error.cause
    const ending = this.#cancelled || this.#draining
    if (retryable && retries && fits && !ending) {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#enter(), pause)
      gate.leave(this)
    } else {
      this.#fail(ending && retryable ? closedError() : error)
    }
  }

  #fail(error: TypingError): void {
    this.#settled = true
    this.#attempt = undefined
    error.cause.attempts = this.#attempts
    this.#reject(error)
    this.onSettled?.()
    this.#leave()
  }

  #leave(): void {
    clearTimeout(this.#timer)
    const { gate, over } = this.#company
    gate.leave(this)
    over?.(this)
  }
}

function timeoutError(ms: number): TypingError {
  return new TypingError('timeout', `8x8 did not answer within ${Math.round(ms) / 1000} s`)
}

/** @param held whether 8x8 asked for fewer requests; @param ms how long the message waited */
function waitedError(held: boolean, ms: number): TypingError {
  const text = `the turn of the message did not come within ${ms / 1000} s`
  if (held) return new TypingError('rate-limited', `8x8 limits the rate of requests: ${text}`)
  return new TypingError('timeout', `Too many requests are under way: ${text}`)
}
