/**
 * Into how many sweeps a span, or a full Map, is divided. A sweep for each umid would be slow, because
 * a Map's iterator walks over the entries that were deleted before.
 */
const SWEEPS = 16

/** Umids that are remembered for a time, each for an owner. Costs nothing while nothing is added. */
export class RecentUmids {
  readonly #span: number
  readonly #max: number
  /** When each was added, in performance.now(); the oldest first. */
  readonly #addedAt = new Map<string, number>()
  #nextSweep = 0

  /** @param span ms @param max remembered at once; the oldest sixteenth makes room */
  constructor(span: number, max = Number.POSITIVE_INFINITY) {
    this.#span = span
    this.#max = max
  }

  /** @param owner blank: anybody */
  add(umid: string, owner = ''): void {
    const now = performance.now()
    const key = keyOf(umid, owner)
    this.#addedAt.delete(key) // to make it the newest
    this.#addedAt.set(key, now)
    if (this.#addedAt.size > this.#max || now >= this.#nextSweep) this.#sweep(now)
  }

  /** @param umid in either case of the letters */
  has(umid: string, owner = ''): boolean {
    if (this.#addedAt.size === 0) return false
    const addedAt = this.#addedAt.get(keyOf(umid, owner))
    return addedAt !== undefined && addedAt + this.#span > performance.now()
  }

  #sweep(now: number): void {
    this.#nextSweep = now + this.#span / SWEEPS
    const isFull = this.#addedAt.size > this.#max
    const room = isFull ? this.#max - Math.floor(this.#max / SWEEPS) : this.#max
    for (const [key, addedAt] of this.#addedAt) {
      if (addedAt + this.#span > now && this.#addedAt.size <= room) break
      this.#addedAt.delete(key)
    }
  }
}

function keyOf(umid: string, owner: string): string {
  return `${umid.toLowerCase()} ${owner}`
}
