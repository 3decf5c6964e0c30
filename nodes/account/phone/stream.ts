import type { ServerResponse } from 'node:http'
import { HttpError } from '../../lib/http/http-error'
import type { SandboxCustomer } from '../../lib/sandbox/customers'
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

/** The streams of one phone: each change as server-sent event `state`, while the phone is in use. */
export class Streams {
  readonly #phone: Phone
  /** With the customer whose chat each shows. */
  readonly #open = new Map<ServerResponse, SandboxCustomer>()
  /** Responses whose client did not read the last state in time. */
  readonly #slow = new WeakSet<ServerResponse>()
  #heartbeat: NodeJS.Timeout | undefined
  #next: NodeJS.Timeout | undefined
  #changed = false

  constructor(phone: Phone) {
    this.#phone = phone
    phone.on('change', () => {
      if (this.#open.size === 0) return
      this.#changed = true
      // Not at once: a deploy stops one node after the other, and the page shows the last state
      // until it is connected again.
      this.#next ??= setTimeout(() => this.#flush(), 0)
    })
    phone.on('unused', () => this.#end())
    phone.on('close', () => this.#end())
  }

  /** Sends the state at once, and from now on. @throws {HttpError} 503 beyond 20 */
  add(response: ServerResponse, customer: SandboxCustomer): void {
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
    this.#open.set(response, customer)
    this.#heartbeat ??= setInterval(() => this.#beat(), HEARTBEAT)
    response.on('close', () => {
      this.#open.delete(response)
      if (this.#open.size === 0) this.#end()
    })
    response.on('drain', () => {
      // It reads again: it gets the state as it is by now.
      if (this.#slow.delete(response)) this.#writeTo(response, this.#event(customer))
    })
    response.write(`retry: 1000\n${this.#event(customer)}`)
  }

  /** Ends all streams, and the timers. */
  #end(): void {
    clearInterval(this.#heartbeat)
    clearTimeout(this.#next)
    this.#heartbeat = undefined
    this.#next = undefined
    for (const response of this.#open.keys()) response.end()
    this.#open.clear()
  }

  #beat(): void {
    for (const response of this.#open.keys()) {
      this.#writeTo(response, 'event: heartbeat\ndata: {}\n\n')
    }
  }

  #flush(): void {
    this.#next = undefined
    if (!this.#changed) return
    this.#changed = false
    const events = new Map<SandboxCustomer, string>()
    for (const [response, customer] of this.#open) {
      const event = events.get(customer) ?? this.#event(customer)
      events.set(customer, event)
      this.#writeTo(response, event)
    }
    this.#next = setTimeout(() => this.#flush(), SPAN)
  }

  /** Skips clients that do not read, so that nothing piles up for them. */
  #writeTo(response: ServerResponse, text: string): void {
    if (response.writableNeedDrain) this.#slow.add(response)
    else response.write(text)
  }

  #event(customer: SandboxCustomer): string {
    return `event: state\ndata: ${JSON.stringify(this.#phone.state(customer))}\n\n`
  }
}
