import { type Channel, subAccountPath } from '../api'
import { HttpAttempt } from './attempt'
import { RequestLimiter } from './limiter'
import { ApiRequest, type RequestContext, type RequestLimits } from './request'
import { Transport, type TransportOptions } from './transport'

export interface ClientOptions extends RequestLimits, Omit<TransportOptions, 'connections'> {
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
  readonly #context: RequestContext
  readonly #transport: Transport
  readonly #pending = new Set<ApiRequest>()
  /** The path of the last event: mostly that of the next one. */
  #path = { subAccountId: '', events: '' }

  constructor(options: ClientOptions) {
    const { maxInFlight, maxWaiting, timeout, deadline, retries, random } = options
    this.#transport = new Transport({ ...options, connections: maxInFlight })
    this.#context = {
      limiter: new RequestLimiter({ maxInFlight, maxWaiting, maxBlock: deadline, random }),
      timeout,
      deadline,
      retries,
      random,
      createAttempt: (post, reporter) => new HttpAttempt(this.#transport, post, reporter),
      onFinished: (sending) => this.#pending.delete(sending),
    }
  }

  /** Whether it sends no more, because its account was stopped or deployed again. */
  get closed(): boolean {
    return this.#context.limiter.closed
  }

  /** Sends a typing indicator, with retries of what a retry can cure. */
  send({ subAccountId, channel, umid }: TypingEvent): ApiRequest {
    if (subAccountId !== this.#path.subAccountId) {
      this.#path = { subAccountId, events: subAccountPath(subAccountId, 'events') }
    }
    const path = this.#path.events
    // Neither needs escaping: the channel is one of two words, the umid hexadecimal.
    const body = `{"channel":"${channel}","type":"typing","umid":"${umid}"}`
    const sending = new ApiRequest(this.#context, { path, body })
    if (sending.pending) this.#pending.add(sending)
    return sending
  }

  /** Ends every send under way as `closed`, and all connections. */
  async close(): Promise<void> {
    this.#context.limiter.close()
    for (const sending of this.#pending) sending.cancel()
    await this.#transport.destroy()
  }
}
