import { backoff } from './backoff'
import { Queue, type Queued } from './queue'

/** What bounds the requests of an account. */
export interface LimiterOptions {
  /** Requests in flight at once, 1 or more. */
  maxInFlight: number
  /** Requests of a priority that may be queued; replies besides those that wait for an indicator's slot. */
  maxWaiting: number
  /** Maximum ms for which a 429 blocks new requests. */
  maxBlock: number
  /** Source of jitter, from 0 to 1. */
  random?: (() => number) | undefined
}

/** Which requests go first: replies are `high`, indicators `normal`. */
export type Priority = 'high' | 'normal'

/** How to queue a request. */
export interface AcquireOptions {
  priority: Priority
  /** A request that was in flight before goes before new ones, and is never `overloaded`. */
  isRetry: boolean
}

/** A request that needs a slot: one message, once for each of its attempts. */
export interface QueuedRequest extends Queued<QueuedRequest> {
  /** The request has a slot until it is released. Must not throw. */
  onAcquired(): void
  /** The generation in which it got its slot; undefined without a slot. Set by the limiter. */
  generation?: number | undefined
  /** With which it was acquired. The limiter's own. */
  priority?: Priority | undefined
}

/** The requests that are queued with one priority. */
class Lane {
  readonly retries = new Queue<QueuedRequest>()
  readonly newRequests = new Queue<QueuedRequest>()
  inFlight = 0

  get length(): number {
    return this.retries.length + this.newRequests.length
  }

  shift(): QueuedRequest | undefined {
    return this.retries.shift() ?? this.newRequests.shift()
  }
}

/**
 * Limits how many requests of an account are in flight, and decides their order. A 429 blocks all of
 * them; then one request goes out, and one more with each success. Retries go before new requests,
 * because their deadline is nearer. docs/adr/0009.
 */
export class RequestLimiter {
  readonly #limits: LimiterOptions
  readonly #lanes: Record<Priority, Lane> = { high: new Lane(), normal: new Lane() }
  /** Requests that may be in flight now. */
  #concurrency: number
  #closed = false
  /** Number of blocks so far: results of an earlier generation say nothing about the present. */
  #generation = 0
  #rateLimitsInARow = 0
  /** performance.now(); 0: not blocked. */
  #blockedUntil = 0
  /** Runs only while queued requests wait for the end of a block. */
  #timer: NodeJS.Timeout | undefined
  #drainScheduled = false

  constructor(limits: LimiterOptions) {
    this.#limits = limits
    this.#concurrency = limits.maxInFlight
  }

  /** Whether it is closed: no request gets a slot. */
  get closed(): boolean {
    return this.#closed
  }

  get maxInFlight(): number {
    return this.#limits.maxInFlight
  }

  /** Requests that are queued. */
  get waiting(): number {
    return this.#lanes.high.length + this.#lanes.normal.length
  }

  /** Requests that are queued with a priority. */
  waitingWith(priority: Priority): number {
    return this.#lanes[priority].length
  }

  /** Whether fewer requests go out than the account allows, because of a 429. */
  get isRateLimited(): boolean {
    return this.#rateLimitsInARow > 0 || this.#concurrency < this.#limits.maxInFlight
  }

  /** ms until the end of a block; 0: none. */
  blockedFor(): number {
    if (this.#blockedUntil === 0) return 0
    const left = this.#blockedUntil - performance.now()
    if (left > 0) return left
    this.#blockedUntil = 0
    return 0
  }

  /**
   * Runs the request now, or queues it until a slot is free. `overloaded`: the queue of its priority
   * is full. `closed`: the account is closing.
   */
  acquire(
    request: QueuedRequest,
    { priority, isRetry }: AcquireOptions,
  ): 'acquired' | 'queued' | 'overloaded' | 'closed' {
    if (this.#closed) return 'closed'
    request.priority = priority
    if (this.waiting === 0 && this.#hasCapacity()) {
      this.#start(request)
      return 'acquired'
    }
    const lane = this.#lanes[priority]
    if (!isRetry && lane.length >= this.#maxLength(priority)) return 'overloaded'
    const queue = isRetry ? lane.retries : lane.newRequests
    queue.push(request)
    this.#updateTimer()
    return 'queued'
  }

  /** Frees the slot of a request, or its place in the queue; without either, does nothing. */
  release(request: QueuedRequest): void {
    if (request.queue) {
      request.queue.remove(request)
      this.#updateTimer()
    } else if (request.generation !== undefined) {
      request.generation = undefined
      this.#laneOf(request).inFlight--
      this.#scheduleDrain()
    }
  }

  /** The server took the request. */
  onSuccess({ generation }: QueuedRequest): void {
    if (generation !== this.#generation) return
    this.#rateLimitsInARow = 0
    if (this.#concurrency === this.#limits.maxInFlight) return
    this.#concurrency++
    this.#scheduleDrain()
  }

  /**
   * The server answered a request with 429: no request goes out for a while. Several 429s of one
   * generation count as one, with the longest wait.
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

  /** Closes: no request gets a slot. Release the queued requests one by one. */
  close(): void {
    this.#closed = true
    this.#updateTimer()
  }

  /** Replies may also wait for the slots that indicators have, which must not make one overloaded. */
  #maxLength(priority: Priority): number {
    const { maxInFlight, maxWaiting } = this.#limits
    return priority === 'high' ? maxWaiting + maxInFlight - this.#lanes.high.inFlight : maxWaiting
  }

  get #inFlight(): number {
    return this.#lanes.high.inFlight + this.#lanes.normal.inFlight
  }

  #hasCapacity(): boolean {
    return this.#inFlight < this.#concurrency && !this.#closed && this.blockedFor() === 0
  }

  #start(request: QueuedRequest): void {
    this.#laneOf(request).inFlight++
    request.generation = this.#generation
    request.onAcquired()
  }

  #laneOf({ priority = 'normal' }: QueuedRequest): Lane {
    return this.#lanes[priority]
  }

  /** In a microtask, so that a node that cancels many requests in a row starts none of them. */
  #scheduleDrain(): void {
    if (this.#drainScheduled || this.waiting === 0) return
    this.#drainScheduled = true
    queueMicrotask(() => this.#drain())
  }

  #drain(): void {
    this.#drainScheduled = false
    while (this.#hasCapacity()) {
      const request = this.#lanes.high.shift() ?? this.#lanes.normal.shift()
      if (!request) break
      this.#start(request)
    }
    this.#updateTimer()
  }

  /** Sets the timer if it is needed, and clears it if it is not. */
  #updateTimer(): void {
    const wait = this.blockedFor()
    if (this.waiting === 0 || this.#closed || this.#inFlight >= this.#concurrency) {
      clearTimeout(this.#timer)
      this.#timer = undefined
    } else if (wait === 0) {
      this.#scheduleDrain() // the block has ended meanwhile
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#drain()
      }, Math.ceil(wait))
    }
  }
}
