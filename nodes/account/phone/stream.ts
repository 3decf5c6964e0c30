import type { ServerResponse } from 'node:http'
import { HttpError } from '../../lib/http/http-error'
import { setHeaders } from './http'
import type { Phone } from './phone'

/** Listeners of a phone at a time; our choice. */
const MAX_LISTENERS = 20

/**
 * ms between heartbeats, which keep proxies from ending a quiet stream, and tell the page that it is
 * still connected; our choice. The page waits for two of them.
 */
const HEARTBEAT = 15_000

/** ms between two states, so that a flow under load does not drown a page; our choice. */
const SPAN = 50

/** The streams of one phone: each change as server-sent event `state`, until the phone closes. */
export class Streams {
  readonly #phone: Phone
  readonly #open = new Set<ServerResponse>()
  /** Responses whose client did not read the last state in time. */
  readonly #slow = new WeakSet<ServerResponse>()
  readonly #heartbeat: NodeJS.Timeout
  #next: NodeJS.Timeout | undefined
  #changed = false

  constructor(phone: Phone) {
    this.#phone = phone
    this.#heartbeat = setInterval(() => this.#write('event: heartbeat\ndata: {}\n\n'), HEARTBEAT)
    phone.on('change', () => {
      this.#changed = true
      if (!this.#next) this.#flush()
    })
    phone.on('close', () => {
      clearInterval(this.#heartbeat)
      clearTimeout(this.#next)
      for (const response of this.#open) response.end()
      this.#open.clear()
    })
  }

  /** Sends the state at once, and from now on. @throws {HttpError} 503 beyond 20 */
  add(response: ServerResponse): void {
    if (this.#open.size >= MAX_LISTENERS) {
      throw new HttpError(503, `More than ${MAX_LISTENERS} pages are open`, {
        'retry-after': '5',
      })
    }
    setHeaders(response, {
      'content-type': 'text/event-stream',
      // compression() would keep events back, to transform them.
      'cache-control': 'no-store, no-transform',
      // So would nginx.
      'x-accel-buffering': 'no',
    })
    this.#open.add(response)
    response.on('close', () => this.#open.delete(response))
    response.on('drain', () => {
      // It reads again: it gets the state as it is by now.
      if (this.#slow.delete(response)) this.#writeTo(response, this.#event())
    })
    response.write(`retry: 1000\n${this.#event()}`)
  }

  #flush(): void {
    this.#next = undefined
    if (!this.#changed) return
    this.#changed = false
    this.#write(this.#event())
    this.#next = setTimeout(() => this.#flush(), SPAN)
  }

  #write(text: string): void {
    for (const response of this.#open) this.#writeTo(response, text)
  }

  /** Skips clients that do not read, so that nothing piles up for them. */
  #writeTo(response: ServerResponse, text: string): void {
    if (response.writableNeedDrain) this.#slow.add(response)
    else response.write(text)
  }

  #event(): string {
    return `event: state\ndata: ${JSON.stringify(this.#phone.state())}\n\n`
  }
}
