import type { EventEmitter } from 'node:events'

type Listener = () => void

/** Tells nodes when all flows run: by one listener, because Node.js takes more than ten for a leak. */
export class FlowsStarted {
  readonly #listeners = new Set<Listener>()

  add(events: EventEmitter, listener: Listener): void {
    if (this.#listeners.size === 0) events.on('flows:started', this.#notify)
    this.#listeners.add(listener)
  }

  remove(events: EventEmitter, listener: Listener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size === 0) events.off('flows:started', this.#notify)
  }

  readonly #notify = (): void => {
    for (const listener of this.#listeners) listener()
  }
}
