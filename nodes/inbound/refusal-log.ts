/** ms between two lines of the log; our choice. */
const INTERVAL = 60_000

/** Logs refused requests: the first at once, then their number, once a minute. */
export class RefusalLog {
  readonly #warn: (text: string) => void
  #count = 0
  /** Runs until the next line may be logged. */
  #timer: NodeJS.Timeout | undefined

  constructor(warn: (text: string) => void) {
    this.#warn = warn
  }

  add(): void {
    this.#count++
    if (!this.#timer) this.#log()
  }

  /** Stops logging. */
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
