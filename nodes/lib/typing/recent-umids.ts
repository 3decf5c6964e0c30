/** Remembers umids for a time, each for an owner. No timer: old ones go when new ones come. */
export class RecentUmids {
  readonly #span: number
  readonly #max: number
  /** When each was added, in performance.now(); the oldest first. */
  readonly #addedAt = new Map<string, number>()
  /**
   * Kept between calls: a new iterator first walks over all deleted entries, which took 17 % of the
   * time of a busy runtime.
   */
  readonly #entries = this.#addedAt.entries()
  #oldest: [key: string, addedAt: number] | undefined

  /** @param span ms @param max umids at once; beyond it, the oldest are dropped */
  constructor(span: number, max = Number.POSITIVE_INFINITY) {
    this.#span = span
    this.#max = max
  }

  /** @param owner blank: not of one owner, but of all */
  add(umid: string, owner = ''): void {
    const now = performance.now()
    const key = keyOf(umid, owner)
    this.#addedAt.delete(key) // to make it the newest
    this.#addedAt.set(key, now)
    this.#forgetOld(now)
  }

  /** @param umid in either case of the letters */
  has(umid: string, owner = ''): boolean {
    if (this.#addedAt.size === 0) return false
    const addedAt = this.#addedAt.get(keyOf(umid, owner))
    return addedAt !== undefined && addedAt + this.#span > performance.now()
  }

  #forgetOld(now: number): void {
    for (;;) {
      this.#oldest ??= this.#entries.next().value
      if (!this.#oldest) return // never: the umid that was just added is there, and stays
      const [key, addedAt] = this.#oldest
      const isCurrent = this.#addedAt.get(key) === addedAt
      if (isCurrent && addedAt + this.#span > now && this.#addedAt.size <= this.#max) return
      if (isCurrent) this.#addedAt.delete(key)
      this.#oldest = undefined
    }
  }
}

function keyOf(umid: string, owner: string): string {
  const key = umid.toLowerCase()
  return owner ? `${key} ${owner}` : key
}
