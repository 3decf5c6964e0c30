/** ms between two looks at what is due; that late may something be. Our choice. */
const TICK = 100

/** What can wait in a {@link Wheel}. */
export interface Waiting {
  /** Where it waits; the wheel's own. */
  slot?: number
}

/**
 * Any number of things that wait, on one timer. Adding and removing cost the same however many
 * there are. It runs on the monotonic clock of `performance.now()`: a clock that is set changes
 * nothing, and after a suspended process or a blocked event loop all that is overdue is due once.
 */
export class Wheel<T extends Waiting> {
  readonly #due: (item: T) => void
  /** By the number of the tick at which they are due. */
  readonly #slots = new Map<number, Set<T>>()
  /** The last tick that was looked at. */
  #last = 0
  #timer: NodeJS.Timeout | undefined

  /** @param due called for each item when its time has come; it waits no longer then */
  constructor(due: (item: T) => void) {
    this.#due = due
  }

  /** Lets an item wait until `at`, in ms of `performance.now()`, and no longer for anything else. */
  add(item: T, at: number): void {
    this.remove(item)
    if (!this.#timer) {
      this.#last = Math.floor(performance.now() / TICK)
      this.#timer = setInterval(() => this.#turn(), TICK)
    }
    const slot = Math.max(Math.ceil(at / TICK), this.#last + 1)
    let waiting = this.#slots.get(slot)
    if (!waiting) {
      waiting = new Set()
      this.#slots.set(slot, waiting)
    }
    waiting.add(item)
    item.slot = slot
  }

  /** Lets an item wait no longer. */
  remove(item: T): void {
    if (item.slot === undefined) return
    const waiting = this.#slots.get(item.slot)
    waiting?.delete(item)
    if (waiting?.size === 0) this.#slots.delete(item.slot)
    item.slot = undefined
    if (this.#slots.size === 0) this.#stop()
  }

  #turn(): void {
    const now = Math.floor(performance.now() / TICK)
    while (this.#last < now && this.#timer) {
      this.#last++
      for (const item of this.#slots.get(this.#last) ?? []) {
        this.remove(item)
        this.#due(item)
      }
    }
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
