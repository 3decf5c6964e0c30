/** A map that drops its oldest entries beyond a number of them, and beyond a number of bytes. */
export class RecentMap<V> {
  readonly #entries = new Map<string, { value: V; bytes: number }>()
  readonly #maxEntries: number
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value
  }

  /** Oldest first. */
  values(): V[] {
    return Array.from(this.#entries.values(), ({ value }) => value)
  }

  /** Sets as the newest, which always stays. @param bytes that the value holds, as far as known */
  set(key: string, value: V, bytes: number): void {
    this.delete(key)
    this.#entries.set(key, { value, bytes })
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) return
      if (oldest !== key) this.delete(oldest)
    }
  }

  /** Corrects the bytes that a value holds, and leaves it in its place. */
  resize(key: string, bytes: number): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#bytes += bytes - entry.bytes
    entry.bytes = bytes
  }

  /** Deletes what matches. */
  deleteWhere(matches: (value: V, key: string) => boolean): void {
    for (const [key, { value }] of this.#entries) if (matches(value, key)) this.delete(key)
  }

  /** Does nothing for a key that is not there. */
  delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
  }
}
