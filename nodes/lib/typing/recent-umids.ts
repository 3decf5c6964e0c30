/**
 * Remembers umids for a time, each for an owner. It needs no timer: new umids push out the old ones, in
 * two generations, and the older one is dropped as a whole. Removing umids one by one from the front of
 * a Map took 15 % of the time of our modules.
 */
export class RecentUmids {
  readonly #span: number
  readonly #max: number
  /** When each was added, in performance.now(). */
  #current = new Map<string, number>()
  #previous = new Map<string, number>()
  /** When the current generation began, and when the last umid was added. */
  #begunAt = 0
  #addedAt = 0

  /** @param span ms @param max the newest umids, which are never dropped; at most twice as many are kept */
  constructor(span: number, max = Number.POSITIVE_INFINITY) {
    this.#span = span
    this.#max = max
  }

  /** @param owner blank: not of one owner, but of all */
  add(umid: string, owner = ''): void {
    const now = performance.now()
    const isOver = now - this.#begunAt > this.#span
    if (isOver || this.#current.size >= this.#max) {
      const isAllOver = now - this.#addedAt > this.#span
      this.#previous = isAllOver ? new Map() : this.#current
      this.#current = new Map()
      this.#begunAt = now
    }
    this.#addedAt = now
    this.#current.set(keyOf(umid, owner), now)
  }

  /** @param umid in either case of the letters */
  has(umid: string, owner = ''): boolean {
    if (this.#current.size === 0) return false
    const key = keyOf(umid, owner)
    const addedAt = this.#current.get(key) ?? this.#previous.get(key)
    return addedAt !== undefined && performance.now() - addedAt < this.#span
  }
}

function keyOf(umid: string, owner: string): string {
  const key = umid.toLowerCase()
  return owner ? `${key} ${owner}` : key
}
