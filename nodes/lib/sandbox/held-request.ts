import type { IncomingMessage } from 'node:http'
import { readBody } from '../http/request-body'

/** Bytes of a request body; our guess: 35,000 characters in any script fit in it. */
const MAX_BODY = 128 * 1024

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
