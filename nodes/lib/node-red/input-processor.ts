import { closedError, MessagingError } from '../errors'
import { toMessagingError } from '../message/thrown'
import type { InputEvent, Message } from './node-adapter'
import type { Output } from './output'

/** What a node does with its messages. */
export interface MessageHandler<Result> {
  /** Called synchronously for each message. @throws {MessagingError} */
  handle(msg: Message): Promise<Result>
  /** Sends a message on. @param durationMs since it arrived */
  succeed(event: InputEvent, result: Result, durationMs: number): void
}

/** Handles the messages of a node concurrently; each ends in exactly one output. */
export class InputProcessor<Result> {
  readonly #handler: MessageHandler<Result>
  readonly #output: Output<unknown>
  /** Messages that have no output yet. */
  #pending = 0
  /** Called when none is left; set while the node closes. */
  #onIdle: (() => void) | undefined
  readonly #cancels = new Set<() => void>()
  #closed = false

  constructor(handler: MessageHandler<Result>, output: Output<unknown>) {
    this.#handler = handler
    this.#output = output
  }

  get closed(): boolean {
    return this.#closed
  }

  accept(event: InputEvent): void {
    this.#pending++
    void this.#process(event)
  }

  /**
   * Awaits a promise, but rejects as `closed` when the node closes: an expression may wait for
   * something that never comes.
   */
  untilClosed<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = () => reject(closedError())
      this.#cancels.add(cancel)
      promise.then(resolve, reject).finally(() => this.#cancels.delete(cancel))
    })
  }

  /** Resolves when every message has its output. The handler must have ended its requests. */
  async close(): Promise<void> {
    this.#closed = true
    for (const cancel of this.#cancels) cancel()
    if (this.#pending > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    this.#output.close()
  }

  /** Never rejects. */
  async #process(event: InputEvent): Promise<void> {
    const startedAt = performance.now()
    let result: Result | MessagingError
    try {
      result = await this.#handler.handle(event.msg)
    } catch (thrown) {
      result = toMessagingError(thrown)
    }
    try {
      if (result instanceof MessagingError) this.#output.fail(event, result)
      else this.#handler.succeed(event, result, Math.round(performance.now() - startedAt))
    } catch (thrown) {
      this.#output.reportLost(thrown)
    }
    this.#pending--
    if (this.#pending === 0) this.#onIdle?.()
  }
}
