import type { CollectedMessage, InboundMessage } from '../lib/message/event'

/** Messages of one customer, to be sent as one. */
export interface Batch {
  messages: InboundMessage[]
  /** Of the webhooks. */
  bytes: number
  /** performance.now(): when it is sent if nothing more arrives, and when at the latest. */
  dueAt: number
  latestAt: number
}

/** Messages of a batch, and bytes of all batches, at most; our choice. Beyond it, one comes out. */
const MAX_MESSAGES = 100
const MAX_BYTES = 16 * 1024 * 1024

/** ms after which a batch comes out although the customer goes on writing, if `collect` is less. */
const MAX_WAIT = 60_000

/** Holds messages back until their customer has been silent for a time. */
export class Collector {
  readonly #silence: number
  readonly #maxWait: number
  readonly #emit: (message: CollectedMessage) => void
  /** By customer; the one that waits longest first. */
  readonly #batches = new Map<string, Batch>()
  readonly #timers = new Map<string, NodeJS.Timeout>()
  #bytes = 0

  /** @param silence ms; a customer who goes on writing waits 10 times as long at most, or 60 s */
  constructor(silence: number, emit: (message: CollectedMessage) => void) {
    this.#silence = silence
    this.#maxWait = Math.max(silence, Math.min(10 * silence, MAX_WAIT))
    this.#emit = emit
  }

  /** @param bytes of its webhook */
  add(message: InboundMessage, bytes: number): void {
    const key = keyOf(message)
    if (key === undefined) {
      this.#emit(merge([message]))
      return
    }
    const now = performance.now()
    const { messages, ...batch } = this.#take(key) ?? {
      messages: [],
      bytes: 0,
      latestAt: now + this.#maxWait,
    }
    const dueAt = Math.min(now + this.#silence, batch.latestAt)
    this.#hold(key, {
      messages: [...messages, message],
      bytes: batch.bytes + bytes,
      dueAt,
      latestAt: batch.latestAt,
    })
    if (messages.length + 1 >= MAX_MESSAGES) this.#flush(key)
    for (const oldest of this.#batches.keys()) {
      if (this.#bytes <= MAX_BYTES) break
      this.#flush(oldest)
    }
  }

  /** Continues with the batches that {@link close} of another collector returned. */
  resume(batches: Batch[]): void {
    for (const batch of batches) {
      const [first] = batch.messages
      const key = first && keyOf(first)
      if (key === undefined) continue
      const newer = this.#take(key)
      this.#hold(key, {
        messages: [...batch.messages, ...(newer?.messages ?? [])],
        bytes: batch.bytes + (newer?.bytes ?? 0),
        dueAt: Math.min(newer?.dueAt ?? batch.dueAt, batch.latestAt),
        latestAt: batch.latestAt,
      })
    }
  }

  /** Sends all batches now. */
  flush(): void {
    for (const key of this.#batches.keys()) this.#flush(key)
  }

  /** Stops all timers. @returns the waiting batches */
  close(): Batch[] {
    const batches = [...this.#batches.values()]
    for (const key of this.#batches.keys()) this.#take(key)
    return batches
  }

  #hold(key: string, batch: Batch): void {
    this.#batches.set(key, batch)
    this.#bytes += batch.bytes
    const wait = Math.max(0, batch.dueAt - performance.now())
    this.#timers.set(
      key,
      setTimeout(() => this.#flush(key), wait),
    )
  }

  #take(key: string): Batch | undefined {
    const batch = this.#batches.get(key)
    clearTimeout(this.#timers.get(key))
    this.#timers.delete(key)
    this.#batches.delete(key)
    this.#bytes -= batch?.bytes ?? 0
    return batch
  }

  #flush(key: string): void {
    const batch = this.#take(key)
    if (batch) this.#emit(merge(batch.messages))
  }
}

/** One customer on one channel of one sub-account; undefined: an unknown customer. */
function keyOf({ subAccountId, channel, conversation }: InboundMessage): string | undefined {
  return conversation && JSON.stringify([subAccountId, channel, conversation])
}

function merge(messages: InboundMessage[]): CollectedMessage {
  const newest = messages.at(-1) as InboundMessage
  const texts = messages.map(({ payload }) => payload).filter(Boolean)
  return { ...newest, payload: texts.join('\n'), messages }
}
