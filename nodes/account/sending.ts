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
  /** Source of jitter, from 0 to 1. */
  random?: () => number
}

/** An accepted typing indicator. */
export interface Sent {
  statusCode: number
  /** Requests that it took. */
  attempts: number
  /** When the accepted request went out, epoch ms. */
  sentAt: number
}

/**
 * One attempt: resolves with the status of a success, rejects with a {@link TypingError} that
 * says whether a retry can help. When the signal aborts, it rejects with the signal's reason.
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
      if (last.cause.retryable && performance.now() + pause < end) {
        await this.#pause(pause)
        if (!this.#cancelled) continue
        last = closedError()
      }
      last.cause.attempts = attempts
      throw last
    }
  }

  /**
   * @param remaining ms until the deadline
   * @param last the failure before; it says more than an attempt that the deadline cuts short
   */
  async #attemptWithin(remaining: number, last: TypingError | undefined): Promise<number> {
    const { timeout } = this.#limits
    const controller = new AbortController()
    this.#interrupt = () => controller.abort(closedError())
    const timer = setTimeout(
      () => controller.abort(remaining < timeout && last ? last : timeoutError(timeout)),
      Math.min(timeout, remaining),
    )
    try {
      return await this.#attempt(controller.signal)
    } finally {
      clearTimeout(timer)
    }
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
  return new TypingError('timeout', `8x8 did not answer within ${ms / 1000} s`)
}

/** ms to wait: exponential with half of it jitter, and at least what the server asked for. */
function pauseBeforeRetry(error: TypingError, attempts: number, random: () => number): number {
  const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1))
  return Math.max(error.retryAfter ?? 0, longest * (0.5 + random() / 2))
}
