/** ms between two lines of the log; our choice. */
const INTERVAL = 60_000

/** Logs requests that were refused: the first at once, then how many there were, once a minute. */
export class RefusalLog {
  readonly #warn: (text: string) => void
  #count = 0
  /** Runs while nothing may be logged. */
  #timer: NodeJS.Timeout | undefined

  constructor(warn: (text: string) => void) {
    this.#warn = warn
  }

  add(): void {
    this.#count++
    if (!this.#timer) this.#log()
  }

  /** Logs no more. */
  close(): void {
    clearTimeout(this.#timer)
  }

  #log(): void {
    this.#timer = undefined
    if (this.#count === 0) return
    const requests = this.#count === 1 ? 'a request' : `${this.#count} requests`
    this.#warn(`Refused ${requests} (401): the Authorization header is missing or wrong`)
    this.#count = 0
    this.#timer = setTimeout(() => this.#log(), INTERVAL)
  }
}
