import { type Channel, subAccountPath } from './api'
import { Exchange } from './exchange'
import { Gate } from './gate'
import { Line, type LineOptions } from './line'
import { type Company, type Limits, Sending } from './sending'

export interface ClientOptions extends Limits, Omit<LineOptions, 'connections'> {
  /** Requests at once, and connections. */
  maxInFlight: number
  /** Sends that may wait for their turn. */
  maxWaiting: number
}

/** The typing indicator to send. */
export interface TypingEvent {
  /** Matches {@link SUB_ACCOUNT_ID} of the API. */
  subAccountId: string
  channel: Channel
  /** Matches {@link UMID} of the API. */
  umid: string
}

/** Sends events to 8x8: no more at once than the account takes, with retries. */
export class Client {
  readonly #company: Company
  readonly #line: Line
  readonly #sendings = new Set<Sending>()
  /** The path of the last event: mostly that of the next one. */
  #path = { subAccountId: '', events: '' }

  constructor(options: ClientOptions) {
    const { maxInFlight, maxWaiting, timeout, deadline, retries, random } = options
    this.#line = new Line({ ...options, connections: maxInFlight })
    this.#company = {
      gate: new Gate({ maxInFlight, maxWaiting, longestHold: deadline, random }),
      timeout,
      deadline,
      retries,
      random,
      attempt: (post, reporter) => new Exchange(this.#line, post, reporter),
      over: (sending) => this.#sendings.delete(sending),
    }
  }

  /** Whether it sends no more, because its account was stopped or deployed again. */
  get closed(): boolean {
    return this.#company.gate.closed
  }

  /** Sends a typing indicator, with retries of what a retry can cure. */
  send({ subAccountId, channel, umid }: TypingEvent): Sending {
    if (subAccountId !== this.#path.subAccountId) {
      this.#path = { subAccountId, events: subAccountPath(subAccountId, 'events') }
    }
    const path = this.#path.events
    // Neither needs escaping: the channel is one of two words, the umid hexadecimal.
    const body = `{"channel":"${channel}","type":"typing","umid":"${umid}"}`
    const sending = new Sending(this.#company, { path, body })
    if (sending.underWay) this.#sendings.add(sending)
    return sending
  }

  /** Ends every send under way as `closed`, and all connections. */
  async close(): Promise<void> {
    this.#company.gate.close()
    for (const sending of this.#sendings) sending.cancel()
    await this.#line.destroy()
  }
}
