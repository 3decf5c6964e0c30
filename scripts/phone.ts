import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PhoneState } from '../nodes/account/phone/state'

/** ms between two looks whether a phone is there, and for how long to look. */
const LOOK_EVERY = 50
const PATIENCE = 10_000

/** A phone as its page sees it, over HTTP. */
export class PhoneClient {
  /** All states so far, oldest first. */
  readonly states: PhoneState[] = []
  /** Resolves when either side has ended the stream. */
  readonly ended: Promise<void>
  readonly #url: string
  readonly #headers: Record<string, string>
  readonly #news = new EventEmitter<{ state: [PhoneState] }>().setMaxListeners(0)
  readonly #closing: AbortController

  private constructor(
    url: string,
    headers: Record<string, string>,
    response: Response,
    closing: AbortController,
  ) {
    this.#url = url
    this.#headers = headers
    this.#closing = closing
    this.ended = this.#read(response).catch(() => {})
  }

  /**
   * Watches a phone.
   * @param url of its page, with the slash
   * @param headers of each request, e.g. authorization
   * @param customer whose chat to watch
   * @throws {Error} when it is not there within 10 s
   */
  static async open(
    url: string,
    headers: Record<string, string> = {},
    customer = 'ana',
  ): Promise<PhoneClient> {
    const late = performance.now() + PATIENCE
    for (;;) {
      const closing = new AbortController()
      const response = await fetch(`${url}events?customer=${customer}`, {
        headers,
        signal: closing.signal,
      })
      if (response.status === 200) return new PhoneClient(url, headers, response, closing)
      const reason = `The phone at ${url} answers ${response.status}: ${await response.text()}`
      if (performance.now() > late) throw new Error(reason)
      await sleep(LOOK_EVERY)
    }
  }

  /** The first state, of those so far and those to come, that matches. */
  until(matches: (state: PhoneState) => boolean): Promise<PhoneState> {
    const known = this.states.find(matches)
    if (known) return Promise.resolve(known)
    return new Promise((resolve) => {
      this.#news.on('state', (state) => matches(state) && resolve(state))
    })
  }

  /** Writes as the page does. @param resource e.g. `messages` */
  async post(resource: string, body: object): Promise<Response> {
    return fetch(this.#url + resource, {
      method: 'POST',
      headers: {
        ...this.#headers,
        'content-type': 'application/json',
        origin: new URL(this.#url).origin,
      },
      body: JSON.stringify(body),
    })
  }

  /** Ends the stream. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.ended
  }

  async #read({ body }: Response): Promise<void> {
    if (!body) return
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of body) {
      const events = (text + decoder.decode(chunk, { stream: true })).split('\n\n')
      text = events.pop() ?? ''
      for (const event of events) this.#take(event)
    }
  }

  #take(event: string): void {
    const lines = event.split('\n')
    const data = lines.find((line) => line.startsWith('data: '))
    if (!data || !lines.includes('event: state')) return
    const state: PhoneState = JSON.parse(data.slice('data: '.length))
    this.states.push(state)
    this.#news.emit('state', state)
  }
}
