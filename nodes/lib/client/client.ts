import { type Channel, subAccountPath } from '../api'
import { HttpAttempt } from './attempt'
import { RequestLimiter } from './limiter'
import { ApiRequest, type RequestContext, type RequestLimits } from './request'
import { type RequestOptions, Transport, type TransportOptions } from './transport'

export interface ClientOptions extends RequestLimits, Omit<TransportOptions, 'connections'> {
  /** Requests at once, and connections; replies have as many of their own. */
  maxInFlight: number
  /** Indicators that may be queued, and replies. */
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

/** A reply to post. */
export interface ReplyBody {
  /** Matches {@link SUB_ACCOUNT_ID} of the API. */
  subAccountId: string
  /** JSON. */
  body: string
}

/** Sends requests to 8x8: no more at once than the account allows, with retries. */
export class Client {
  readonly #context: RequestContext
  readonly #transport: Transport
  readonly #pending = new Set<ApiRequest>()
  /** The path of the last event, which usually is that of the next one. */
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
      createAttempt: (request, handler) => new HttpAttempt(this.#transport, request, handler),
      onFinished: (request) => this.#pending.delete(request),
    }
  }

  /** Whether the account was stopped or redeployed, so that nothing more is sent. */
  get closed(): boolean {
    return this.#context.limiter.closed
  }

  /** Sends a typing indicator; failures that a retry can cure are retried. */
  send({ subAccountId, channel, umid }: TypingEvent): ApiRequest {
    if (subAccountId !== this.#path.subAccountId) {
      this.#path = { subAccountId, events: subAccountPath(subAccountId, 'events') }
    }
    const path = this.#path.events
    // Neither needs escaping: the channel is one of two words, the umid hexadecimal.
    const body = `{"channel":"${channel}","type":"typing","umid":"${umid}"}`
    return this.#request({ path, body })
  }

  /**
   * Posts a reply, at most once: it is retried only if 8x8 cannot have accepted it (no connection, 429,
   * 421, 425). Any other failure after it was written has `maybeSent`. Replies go before indicators,
   * and have a queue of their own.
   */
  sendReply({ subAccountId, body }: ReplyBody): ApiRequest {
    const path = subAccountPath(subAccountId, 'messages')
    return this.#request({ path, body, atMostOnce: true })
  }

  #request(options: RequestOptions): ApiRequest {
    const request = new ApiRequest(this.#context, options)
    if (request.pending) this.#pending.add(request)
    return request
  }

  /** Ends every pending request as `closed`, and all connections. */
  async close(): Promise<void> {
    this.#context.limiter.close()
    for (const request of this.#pending) request.cancel()
    await this.#transport.destroy()
  }
}
