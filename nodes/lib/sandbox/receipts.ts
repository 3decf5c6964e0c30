import { RECEIPT_STATES, type ReceiptState } from './message'

/** Messages with receipts still to come; our choice. Beyond it the oldest gets no more. */
const MAX_PENDING = 1000

/** The times at which messages of the business are sent, delivered and read. */
export class Receipts {
  readonly #delays: readonly number[]
  readonly #onDue: (umid: string, state: ReceiptState) => void
  /** Of the next receipt of each message, by umid. */
  readonly #timers = new Map<string, NodeJS.Timeout>()

  /**
   * @param delays ms after the reply, for each of {@link RECEIPT_STATES}; without one there is no
   *   receipt
   */
  constructor(delays: readonly number[], onDue: (umid: string, state: ReceiptState) => void) {
    this.#delays = delays
    this.#onDue = onDue
  }

  /** Starts the receipts of a message. Its timers do not keep the process alive. */
  start(umid: string): void {
    this.#wait(umid, 0)
    if (this.#timers.size <= MAX_PENDING) return
    const [oldest = ''] = this.#timers.keys()
    clearTimeout(this.#timers.get(oldest))
    this.#timers.delete(oldest)
  }

  /** Ends all that are to come. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #wait(umid: string, index: number): void {
    this.#timers.delete(umid)
    const [state, delay] = [RECEIPT_STATES[index], this.#delays[index]]
    if (state === undefined || delay === undefined) return
    const due = () => {
      // First, so that a listener that closes the sandbox ends it too.
      this.#wait(umid, index + 1)
      this.#onDue(umid, state)
    }
    const timer = setTimeout(due, delay - (this.#delays[index - 1] ?? 0))
    this.#timers.set(umid, timer.unref())
  }
}
