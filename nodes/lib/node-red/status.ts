import type { NodeStatus } from 'node-red'

/** At most this many statuses are shown in this many ms: each goes to every open editor. */
const MAX_STATUSES = 2
const SPAN = 1000

/** Shows the statuses of a node, of a busy one only some; the last one always. */
export class StatusThrottle {
  readonly #show: (status: NodeStatus) => void
  /** When the last statuses were shown, in performance.now(). */
  readonly #shown: number[] = []
  #next: NodeStatus | (() => NodeStatus) = {}
  #last: NodeStatus = {}
  #timer: NodeJS.Timeout | undefined

  constructor(show: (status: NodeStatus) => void) {
    this.#show = show
  }

  /**
   * Shows a status, at once or as soon as one more may be shown, unless another replaces it.
   * @param status or what makes it, called only for one that is about to be shown
   */
  set(status: NodeStatus | (() => NodeStatus)): void {
    this.#next = status
    if (!this.#timer) this.#flush()
  }

  /** Drops a status that waits. */
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
