import type { NodeStatus } from 'node-red'

/** At most so many statuses in so many ms: each is sent to every open editor. */
const MAX_STATUSES = 2
const SPAN = 1000

/** Shows the statuses of a node: only some of a busy one's, but always the last. */
export class StatusThrottle {
  readonly #show: (status: NodeStatus) => void
  /** Times of the last statuses, in performance.now(). */
  readonly #shown: number[] = []
  #next: NodeStatus | (() => NodeStatus) = {}
  #last: NodeStatus = {}
  #timer: NodeJS.Timeout | undefined

  constructor(show: (status: NodeStatus) => void) {
    this.#show = show
  }

  /**
   * Shows a status, now or when the limit allows it, unless another replaces it.
   * @param status or a function that creates it, called only when it is about to be shown
   */
  set(status: NodeStatus | (() => NodeStatus)): void {
    this.#next = status
    if (!this.#timer) this.#flush()
  }

  /** Drops a waiting status. */
  close(): void {
    clearTimeout(this.#timer)
  }

  #flush(): void {
    this.#timer = undefined
    const next = typeof this.#next === 'function' ? this.#next() : this.#next
    const { fill, shape, text } = next
    const last = this.#last
    if (fill === last.fill && shape === last.shape && text === last.text) return
    const now = performance.now()
    const [oldest = 0] = this.#shown
    if (this.#shown.length === MAX_STATUSES && now - oldest < SPAN) {
      this.#timer = setTimeout(() => this.#flush(), oldest + SPAN - now)
      return
    }
    if (this.#shown.push(now) > MAX_STATUSES) this.#shown.shift()
    this.#last = next
    this.#show(next)
  }
}
