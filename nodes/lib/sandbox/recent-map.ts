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
    this.#delete(key)
    this.#entries.set(key, { value, bytes })
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) return
      if (oldest !== key) this.#delete(oldest)
    }
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
  }
}
