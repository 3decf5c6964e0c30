/** What can stand in a {@link Queue}; the fields are the queue's own. */
export interface Queued<T extends Queued<T>> {
  queue?: Queue<T> | undefined
  prev?: T | undefined
  next?: T | undefined
}

/**
 * First in, first out; items can leave from the middle at the same cost. A linked list, because
 * the shorter ways cost more: to get the first element of a Set or Map, its iterator walks over all
 * that were deleted before, and an array needs a search for each cancelled request, or a cleanup of
 * the holes that they leave.
 */
export class Queue<T extends Queued<T>> {
  #first: T | undefined
  #last: T | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  get first(): T | undefined {
    return this.#first
  }

  /** @param item stands in no queue */
  push(item: T): void {
    item.queue = this
    item.prev = this.#last
    if (this.#last) this.#last.next = item
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
    const { prev, next } = item
    if (prev) prev.next = next
    else this.#first = next
    if (next) next.prev = prev
    else this.#last = prev
    item.queue = item.prev = item.next = undefined
    this.#length--
  }
}
