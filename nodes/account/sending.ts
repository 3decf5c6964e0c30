import { closedError, TypingError } from './errors'

/** ms before the first retry, and at most before a later one. Our choice. */
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 4000

/** What bounds a send. */
export interface Limits {
  /** ms for one attempt, from its start to the end of the answer. */
  timeout: number
  /** ms for all attempts together. */
  deadline: number
  /** Whether failures that a retry can cure are retried; blank: yes. */
  retries?: boolean
  /** Source of jitter, from 0 to 1. */
  random?: () => number
}

/** An accepted typing indicator. */
export interface Sent {
  statusCode: number
  /** Attempts that it took. */
  attempts: number
  /** When the accepted request went out, epoch ms. */
  sentAt: number
}

/**
 * One attempt: resolves with the status of a success, rejects with a {@link TypingError} that
 * says whether a retry can help. When the signal aborts, it should end with the signal's reason.
 */
export type Attempt = (signal: AbortSignal) => Promise<number>

/**
 * A send under way: attempts until one succeeds, one fails for good, or the deadline is near.
 * Our own loop and not undici's RetryAgent: docs/adr/0002.
 */
export class Sending {
  /** Rejects with a {@link TypingError}. */
  readonly result: Promise<Sent>
  readonly #attempt: Attempt
  readonly #limits: Limits
  #cancelled = false
  /** Ends what is under way: an attempt or a pause. */
  #interrupt: () => void = () => {}

  constructor(attempt: Attempt, limits: Limits) {
    this.#attempt = attempt
    this.#limits = limits
    this.result = this.#run()
  }

  /** Ends it now: the result rejects as `closed`, unless it is there already. */
  cancel(): void {
    this.#cancelled = true
    this.#interrupt()
  }

  async #run(): Promise<Sent> {
    const end = performance.now() + this.#limits.deadline
    let last: TypingError | undefined
    for (let attempts = 1; ; attempts++) {
      const sentAt = Date.now()
      try {
        const statusCode = await this.#attemptWithin(end - performance.now(), last)
        return { statusCode, attempts, sentAt }
      } catch (error) {
        last = error as TypingError
      }
      const pause = pauseBeforeRetry(last, attempts, this.#limits.random ?? Math.random)
      const again = last.cause.retryable && this.#limits.retries !== false
      const fits = again && performance.now() + pause < end
      if (fits && !this.#cancelled) await this.#pause(pause)
      if (fits && !this.#cancelled) continue
      if (this.#cancelled && last.cause.retryable) last = closedError()
      last.cause.attempts = attempts
      throw last
    }
  }

  /**
   * @param remaining ms until the deadline
   * @param last the failure before; it says more than an attempt that the deadline cuts short
   */
  #attemptWithin(remaining: number, last: TypingError | undefined): Promise<number> {
    const limit = Math.min(this.#limits.timeout, remaining)
    const controller = new AbortController()
    return new Promise((resolve, reject) => {
      const end = (reason: TypingError) => {
        clearTimeout(timer)
        controller.abort(reason)
        // An attempt that is still connecting does not hear the signal, so it is not waited for.
        // One that has the head of an answer says more than the reason, a moment later.
        setImmediate(reject, reason)
      }
      const timer = setTimeout(() => {
        end(remaining < this.#limits.timeout && last ? last : timeoutError(limit))
      }, limit)
      this.#interrupt = () => end(closedError())
      const attempt = this.#attempt(controller.signal)
      attempt.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#interrupt = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function timeoutError(ms: number): TypingError {
  return new TypingError('timeout', `8x8 did not answer within ${Math.round(ms) / 1000} s`)
}

/** ms to wait: exponential with half of it jitter, and at least what the server asked for. */
function pauseBeforeRetry(error: TypingError, attempts: number, random: () => number): number {
  const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1))
  return Math.max(error.retryAfter ?? 0, longest * (0.5 + random() / 2))
}
