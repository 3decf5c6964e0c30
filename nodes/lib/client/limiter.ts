import { backoff } from './backoff'
import { Queue, type Queued } from './queue'

/** What bounds the requests of an account. */
export interface LimiterOptions {
  /** Guests inside at once, 1 or more. */
  maxInFlight: number
  /** Guests that may wait. */
  maxWaiting: number
  /** ms for which a refusal keeps the gate shut at most. */
  maxBlock: number
  /** Source of jitter, from 0 to 1. */
  random?: (() => number) | undefined
}

/** What passes the gate: a message, once for each of its attempts. */
export interface QueuedRequest extends Queued<QueuedRequest> {
  /** Its turn has come: it is inside until it leaves. Must not throw. */
  onAcquired(): void
  /** Inside since this hold; undefined while outside. The gate's own. */
  generation?: number | undefined
}

/**
 * How many requests of an account are under way, and who is next. A refusal (429) shuts it for
 * everybody; then it opens slowly: for one guest first, and for one more with each success.
 * Whoever comes again goes before who is new: its deadline is nearer. docs/adr/0009.
 */
export class RequestLimiter {
  readonly #limits: LimiterOptions
  readonly #retries = new Queue<QueuedRequest>()
  readonly #newRequests = new Queue<QueuedRequest>()
  #inFlight = 0
  /** Guests that may be inside now. */
  #concurrency: number
  #closed = false
  /** Holds so far, and those in a row. */
  #generation = 0
  #rateLimitsInARow = 0
  /** performance.now(); 0: open. */
  #blockedUntil = 0
  /** Runs only while somebody waits for the end of a hold. */
  #timer: NodeJS.Timeout | undefined
  #drainScheduled = false

  constructor(limits: LimiterOptions) {
    this.#limits = limits
    this.#concurrency = limits.maxInFlight
  }

  /** Whether nobody goes in any more. */
  get closed(): boolean {
    return this.#closed
  }

  /** Guests outside. */
  get waiting(): number {
    return this.#retries.length + this.#newRequests.length
  }

  /** Whether fewer go in than could, because of a refusal. */
  get isRateLimited(): boolean {
    return this.#rateLimitsInARow > 0 || this.#concurrency < this.#limits.maxInFlight
  }

  /** ms until the end of a hold; 0: none. */
  blockedFor(): number {
    if (this.#blockedUntil === 0) return 0
    const left = this.#blockedUntil - performance.now()
    if (left > 0) return left
    this.#blockedUntil = 0
    return 0
  }

  /**
   * Lets a guest in, now or when its turn comes.
   * @param again whether it was inside before; such guests are never too many
   */
  acquire(guest: QueuedRequest, again: boolean): 'inside' | 'waiting' | 'overloaded' | 'closed' {
    if (this.#closed) return 'closed'
    if (this.waiting === 0 && this.#hasCapacity()) {
      this.#start(guest)
      return 'inside'
    }
    if (!again && this.waiting >= this.#limits.maxWaiting) return 'overloaded'
    const queue = again ? this.#retries : this.#newRequests
    queue.push(guest)
    this.#updateTimer()
    return 'waiting'
  }

  /** A guest goes, from inside or from its place in the queue; from elsewhere: nothing happens. */
  release(guest: QueuedRequest): void {
    if (guest.queue) {
      guest.queue.remove(guest)
      this.#updateTimer()
    } else if (guest.generation !== undefined) {
      guest.generation = undefined
      this.#inFlight--
      this.#scheduleDrain()
    }
  }

  /** The server took what a guest brought. */
  onSuccess({ generation }: QueuedRequest): void {
    if (generation !== this.#generation) return // it went in before the hold, so it says nothing of now
    this.#rateLimitsInARow = 0
    if (this.#concurrency === this.#limits.maxInFlight) return
    this.#concurrency++
    this.#scheduleDrain()
  }

  /**
   * The server asked a guest for less: nobody goes in for a while. Several refusals of guests that
   * were inside together count as one, and the longest wait.
   * @param retryAfter ms that the server asked for; undefined, 0: it named none
   */
  onRateLimited({ generation }: QueuedRequest, retryAfter = 0): void {
    const { maxBlock, random } = this.#limits
    let pause = retryAfter
    if (generation === this.#generation)
      pause = Math.max(pause, backoff(++this.#rateLimitsInARow, random))
    const until = performance.now() + Math.min(pause, maxBlock)
    if (pause === 0 || until <= this.#blockedUntil) return
    this.#blockedUntil = until
    this.#generation++
    this.#concurrency = 1
    this.#updateTimer()
  }

  /** Nobody goes in any more. Those who wait have to leave by themselves. */
  close(): void {
    this.#closed = true
    this.#updateTimer()
  }

  #hasCapacity(): boolean {
    return this.#inFlight < this.#concurrency && !this.#closed && this.blockedFor() === 0
  }

  #start(guest: QueuedRequest): void {
    this.#inFlight++
    guest.generation = this.#generation
    guest.onAcquired()
  }

  /** A moment later, so that whoever cancels many in a row lets none of them in. */
  #scheduleDrain(): void {
    if (this.#drainScheduled || this.waiting === 0) return
    this.#drainScheduled = true
    queueMicrotask(() => this.#drain())
  }

  #drain(): void {
    this.#drainScheduled = false
    while (this.#hasCapacity()) {
      const guest = this.#retries.shift() ?? this.#newRequests.shift()
      if (!guest) break
      this.#start(guest)
    }
    this.#updateTimer()
  }

  /** Sets the timer if it is needed, and takes it away if it is not. */
  #updateTimer(): void {
    const wait = this.blockedFor()
    if (this.waiting === 0 || this.#closed || this.#inFlight >= this.#concurrency) {
      clearTimeout(this.#timer)
      this.#timer = undefined
    } else if (wait === 0) {
      this.#scheduleDrain() // the hold ended since somebody looked
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#drain()
      }, Math.ceil(wait))
    }
  }
}
