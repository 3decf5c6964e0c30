import type { IncomingMessage } from 'node:http'

/** Bytes of a request body; our guess: 35,000 characters in any script fit in it. */
const MAX_BODY = 128 * 1024

/** Bytes that a body gets at first. They are doubled as it grows: a length can be announced for nothing. */
const FIRST_BUFFER = 256

/**
 * Reads a body into one buffer that grows: an array of its chunks costs 200 bytes for each of them,
 * and so does an async iterator, which lets them pile up.
 * @param max its bytes at most
 * @param take asked before the buffer grows by so many bytes
 * @returns 413 for a longer one, 503 where `take` says no; the rest is then dropped, so that the
 *   client gets its answer
 * @throws Error when the client goes before all of it is there
 */
export function readBody(
  incoming: IncomingMessage,
  max: number,
  take: (bytes: number) => boolean = () => true,
): Promise<Buffer | 413 | 503> {
  return new Promise((resolve, reject) => {
    const refuse = (status: 413 | 503) => {
      incoming.off('data', append).resume()
      resolve(status)
    }
    let body = Buffer.alloc(FIRST_BUFFER)
    let length = 0
    const append = (chunk: Buffer) => {
      const needed = length + chunk.length
      if (needed > max) return refuse(413)
      if (needed > body.length) {
        const grown = Buffer.alloc(Math.min(max, Math.max(needed, 2 * body.length)))
        if (!take(grown.length - body.length)) return refuse(503)
        body.copy(grown)
        body = grown
      }
      chunk.copy(body, length)
      length = needed
    }
    if (Number(incoming.headers['content-length'] ?? 0) > max) return refuse(413)
    if (!take(body.length)) return refuse(503)
    incoming
      .on('data', append)
      .on('end', () => resolve(body.subarray(0, length)))
      .on('error', reject)
  })
}

/** A number of bytes that several share. */
export class ByteBudget {
  #free: number

  constructor(bytes: number) {
    this.#free = bytes
  }

  /** @returns false where not so many are left; then none are taken */
  take(bytes: number): boolean {
    if (bytes > this.#free) return false
    this.#free -= bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#free += bytes
  }
}

/**
 * What a request holds in memory until it is answered, its head and its body, within a budget that
 * all requests share.
 */
export class HeldRequest {
  readonly #budget: ByteBudget
  #taken = 0

  constructor(budget: ByteBudget) {
    this.#budget = budget
  }

  /** Reads the body. @returns as {@link readBody}, or 503 beyond the budget */
  async read(incoming: IncomingMessage): Promise<Buffer | 413 | 503> {
    const isFree = this.#take(headLength(incoming))
    return readBody(incoming, MAX_BODY, (bytes) => isFree && this.#take(bytes))
  }

  /** Gives all back. */
  release(): void {
    this.#budget.giveBack(this.#taken)
    this.#taken = 0
  }

  #take(bytes: number): boolean {
    const taken = this.#budget.take(bytes)
    if (taken) this.#taken += bytes
    return taken
  }
}

/** Bytes of a request's header fields. */
function headLength({ rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((sum, { length }) => sum + length, 0)
}
