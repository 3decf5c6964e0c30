/** What can stand in a {@link Queue}; the fields are the queue's own. */
export interface Queued<T extends Queued<T>> {
  queue?: Queue<T> | undefined
  ahead?: T | undefined
  behind?: T | undefined
}

/**
 * First in, first out, and out of the middle at the same cost. Not a Set: whoever asks a Set for
 * its first element walks over the places of all that were deleted before.
 */
export class Queue<T extends Queued<T>> {
  #first: T | undefined
  #last: T | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  /** @param item stands in no queue */
  push(item: T): void {
    item.queue = this
    item.ahead = this.#last
    if (this.#last) this.#last.behind = item
    else this.#first = item
    this.#last = item
    this.#length++
  }

  shift(): T | undefined {
    const first = this.#first
    if (first) this.remove(first)
    return first
  }

  /** @param item stands in this queue */
  remove(item: T): void {
    const { ahead, behind } = item
    if (ahead) ahead.behind = behind
    else this.#first = behind
    if (behind) behind.ahead = ahead
    else this.#last = ahead
    item.queue = item.ahead = item.behind = undefined
    this.#length--
  }
}
