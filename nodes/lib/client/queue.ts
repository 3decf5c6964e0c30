/** An item of a {@link Queue}; only the queue sets these fields. */
export interface Queued<T extends Queued<T>> {
  queue?: Queue<T> | undefined
  prev?: T | undefined
  next?: T | undefined
}

/**
 * First in, first out; removing from the middle costs the same. A linked list, because shorter code
 * is slower: the iterator of a Set or Map walks over all deleted entries to get the first element, and
 * an array needs a search for each cancelled request, or a cleanup of holes.
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

  /** @param item is in no queue */
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

  /** @param item is in this queue */
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
