import { backoff } from './backoff'
import { Queue, type Queued } from './queue'

/** What bounds the requests of an account. */
export interface GateLimits {
  /** Guests inside at once, 1 or more. */
  maxInFlight: number
  /** Guests that may wait. */
  maxWaiting: number
  /** ms for which a refusal keeps the gate shut at most. */
  longestHold: number
  /** Source of jitter, from 0 to 1. */
  random?: (() => number) | undefined
}

/** What passes the gate: a message, once for each of its attempts. */
export interface Guest extends Queued<Guest> {
  /** Its turn has come: it is inside until it leaves. Must not throw. */
  admitted(): void
  /** Inside since this hold; undefined while outside. The gate's own. */
  era?: number | undefined
}

/**
 * How many requests of an account are under way, and who is next. A refusal (429) shuts it for
 * everybody; then it opens slowly: for one guest first, and for one more with each success.
 * Whoever comes again goes before who is new: its deadline is nearer. docs/adr/0009.
 */
export class Gate {
  readonly #limits: GateLimits
  readonly #again = new Queue<Guest>()
  readonly #fresh = new Queue<Guest>()
  #inside = 0
  /** Guests that may be inside now. */
  #room: number
  #closed = false
  /** Holds so far, and those in a row. */
  #era = 0
  #refusals = 0
  /** performance.now(); 0: open. */
  #heldUntil = 0
  /** Runs only while somebody waits for the end of a hold. */
  #timer: NodeJS.Timeout | undefined
  #admitting = false

  constructor(limits: GateLimits) {
    this.#limits = limits
    this.#room = limits.maxInFlight
  }

  /** Whether nobody goes in any more. */
  get closed(): boolean {
    return this.#closed
  }

  /** Guests outside. */
  get waiting(): number {
    return this.#again.length + this.#fresh.length
  }

  /** Whether fewer go in than could, because of a refusal. */
  get restrained(): boolean {
    return this.#refusals > 0 || this.#room < this.#limits.maxInFlight
  }

  /** ms until the end of a hold; 0: none. */
  heldFor(): number {
    if (this.#heldUntil === 0) return 0
    const left = this.#heldUntil - performance.now()
    if (left > 0) return left
    this.#heldUntil = 0
    return 0
  }

  /**
   * Lets a guest in, now or when its turn comes.
   * @param again whether it was inside before; such guests are never too many
   */
  enter(guest: Guest, again: boolean): 'inside' | 'waiting' | 'overloaded' | 'closed' {
    if (this.#closed) return 'closed'
    if (this.waiting === 0 && this.#isOpen()) {
      this.#admit(guest)
      return 'inside'
    }
    if (!again && this.waiting >= this.#limits.maxWaiting) return 'overloaded'
    const queue = again ? this.#again : this.#fresh
    queue.push(guest)
    this.#watch()
    return 'waiting'
  }

  /** A guest goes, from inside or from its place in the queue; from elsewhere: nothing happens. */
  leave(guest: Guest): void {
    if (guest.queue) {
      guest.queue.remove(guest)
      this.#watch()
    } else if (guest.era !== undefined) {
      guest.era = undefined
      this.#inside--
      this.#admitSoon()
    }
  }

  /** The server took what a guest brought. */
  succeeded({ era }: Guest): void {
    if (era !== this.#era) return // it went in before the hold, so it says nothing of now
    this.#refusals = 0
    if (this.#room === this.#limits.maxInFlight) return
    this.#room++
    this.#admitSoon()
  }

  /**
   * The server asked a guest for less: nobody goes in for a while. Several refusals of guests that
   * were inside together count as one, and the longest wait.
   * @param retryAfter ms that the server asked for; undefined, 0: it named none
   */
  refused({ era }: Guest, retryAfter = 0): void {
    const { longestHold, random } = this.#limits
    let pause = retryAfter
    if (era === this.#era) pause = Math.max(pause, backoff(++this.#refusals, random))
    const until = performance.now() + Math.min(pause, longestHold)
    if (pause === 0 || until <= this.#heldUntil) return
    this.#heldUntil = until
    this.#era++
    this.#room = 1
    this.#watch()
  }

  /** Nobody goes in any more. Those who wait have to leave by themselves. */
  close(): void {
    this.#closed = true
    this.#watch()
  }

  #isOpen(): boolean {
    return this.#inside < this.#room && !this.#closed && this.heldFor() === 0
  }

  #admit(guest: Guest): void {
    this.#inside++
    guest.era = this.#era
    guest.admitted()
  }

  /** A moment later, so that whoever cancels many in a row lets none of them in. */
  #admitSoon(): void {
    if (this.#admitting || this.waiting === 0) return
    this.#admitting = true
    queueMicrotask(() => this.#admitWaiting())
  }

  #admitWaiting(): void {
    this.#admitting = false
    while (this.#isOpen()) {
      const guest = this.#again.shift() ?? this.#fresh.shift()
      if (!guest) break
      this.#admit(guest)
    }
    this.#watch()
  }

  /** Sets the timer if it is needed, and takes it away if it is not. */
  #watch(): void {
    const wait = this.heldFor()
    if (this.waiting === 0 || this.#closed || this.#inside >= this.#room) {
      clearTimeout(this.#timer)
      this.#timer = undefined
    } else if (wait === 0) {
      this.#admitSoon() // the hold ended since somebody looked
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#admitWaiting()
      }, Math.ceil(wait))
    }
  }
}
