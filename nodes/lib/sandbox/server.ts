import { randomUUID } from 'node:crypto'
import { EventEmitter, once, setMaxListeners } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Channel } from '../api'
import { SAMPLE_MSISDN, SandboxApi } from './api'
import {
  type ConversationKey,
  Conversations,
  type CustomerMessage,
  type PhoneContent,
} from './conversations'
import {
  type Delivery,
  type DeliveryTarget,
  deliver,
  type InboundWebhook,
  RETRY_DELAYS,
  webhookOf,
} from './delivery'
import type { SandboxEvents } from './events'
import type { Fault } from './faults'
import { handleRequest, requestOf, type SandboxRequest } from './handler'
import { ByteBudget } from './held-request'
import type { ConversationMessage } from './message'

export { SAMPLE_MSISDN, SAMPLE_UMID } from './api'
export type { SandboxRequest } from './handler'

/** ms an indicator lives: 25 s on WhatsApp (Meta doc), about 20 s on RCS (Google doc). */
const LIFETIMES: Readonly<Record<Channel, number>> = { whatsapp: 25_000, rcs: 20_000 }

/** Requests remembered; our choice. The oldest is dropped first. */
const MAX_REQUESTS = 500

/**
 * Bytes that all requests without an answer may hold; our choice: the 1000 that an account can have
 * in flight, of 4 KB each.
 */
const MAX_UNFINISHED_BYTES = 4 * 1024 * 1024

/** Connections at a time, each of which holds up to 10 KB; our choice. More are closed at once. */
const MAX_CONNECTIONS = 4096

/** Of the head of a request and its time; our choice. */
const HTTP_LIMITS = {
  /** Bytes of a head; beyond it 431. A request of ours has about 400. */
  maxHeaderSize: 4096,
  /** ms for a head, and for a whole request, so that a slow one does not stay; then 408. */
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5000,
} as const

/** How a sandbox differs from 8x8; all optional. Times in ms. */
export interface SandboxOptions {
  /** Default 0: a free one. The host is always 127.0.0.1. */
  port?: number
  /** How long an indicator lives; default 25,000 on WhatsApp (Meta), 20,000 on RCS (Google). */
  lifetimes?: Partial<Record<Channel, number>>
  /** Before each repeat of a webhook; default 1, 10, 30 and 90 s (8x8 doc). */
  retryDelays?: readonly number[]
  /**
   * The clock, epoch ms; default `Date.now`. It counts for times of day, and for how old a message
   * is. Delays and time-outs run in real time anyway.
   */
  now?: () => number
  /** The clock on which dots live, ms; default `now` if that is given, else `performance.now`. */
  monotonic?: () => number
}

/**
 * The error to simulate for a request; undefined: none. The request is not answered yet. Its body is
 * there, unless its head is refused.
 */
export type FaultFunction = (request: SandboxRequest) => Fault | undefined

/** A message to {@link Sandbox.receive}. */
export type NewMessage = Pick<CustomerMessage, 'subAccountId'> & Partial<CustomerMessage>

/** An 8x8 on loopback: the API, the phones behind it, and its webhooks. All state is in memory. */
export class Sandbox extends EventEmitter<SandboxEvents> {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  /** The last 500 requests, newest last. */
  readonly requests: readonly SandboxRequest[]
  readonly #requests: SandboxRequest[] = []
  readonly #server: Server
  readonly #now: () => number
  readonly #retryDelays: readonly number[]
  readonly #conversations: Conversations
  readonly #api: SandboxApi
  readonly #faultFunctions = new Set<FaultFunction>()
  readonly #closing = new AbortController()

  private constructor(server: Server, options: SandboxOptions) {
    super()
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.requests = this.#requests
    this.#now = options.now ?? Date.now
    this.#retryDelays = options.retryDelays ?? RETRY_DELAYS
    const monotonic = options.monotonic ?? options.now ?? (() => performance.now())
    this.#conversations = new Conversations(this.#now, monotonic)
    const lifetimes = { ...LIFETIMES, ...options.lifetimes }
    this.#api = new SandboxApi(this.#conversations, lifetimes, this.#now, this)
    // Every phone listens, and any number of them is no leak.
    this.setMaxListeners(0)
    // Every delivery listens to it, and any number of them is no leak.
    setMaxListeners(0, this.#closing.signal)
    const budget = new ByteBudget(MAX_UNFINISHED_BYTES)
    // Malformed HTTP needs no listener: Node answers it with 400 and drops the connection.
    this.#server = server.on('request', (incoming, response) => {
      const request = requestOf(incoming, this.#now())
      if (this.#requests.push(request) > MAX_REQUESTS) this.#requests.shift()
      void handleRequest(request, incoming, response, {
        now: this.#now,
        budget,
        closing: this.#closing.signal,
        checkHead: (...head) => this.#api.checkHead(...head),
        fault: (received) => this.#faultOf(received),
        answer: (...received) => this.#api.answer(...received),
        end: (ended) => this.emit('request', ended),
      })
    })
  }

  /** Starts a sandbox. @throws Error of listen, e.g. EADDRINUSE */
  static async start(options: SandboxOptions = {}): Promise<Sandbox> {
    // The backlog takes thousands of connections at once, where the default of 511 stalls.
    const at = { host: '127.0.0.1', port: options.port ?? 0, backlog: MAX_CONNECTIONS }
    const server = createServer(HTTP_LIMITS).listen(at)
    server.maxConnections = MAX_CONNECTIONS
    await once(server, 'listening')
    return new Sandbox(server, options)
  }

  /**
   * A sub-account that exists from now on, with a key. The same one may be added several times,
   * also with other keys; it is there until each of them is withdrawn.
   * @param subAccountId the API refuses one that does not match SUB_ACCOUNT_ID
   * @returns withdraws it; more calls do nothing more
   */
  addSubAccount(subAccountId: string, apiKey: string): () => void {
    return this.#api.addSubAccount(subAccountId, apiKey)
  }

  /**
   * A customer writes to the brand; nothing is posted, see {@link deliver}.
   * @param message default: WhatsApp, {@link SAMPLE_MSISDN} unless there is a `channelUserId`, no
   *   name, `Hello`, a new umid, now
   * @returns the message as stored
   */
  receive({
    subAccountId,
    channel = 'whatsapp',
    channelUserId,
    msisdn = channelUserId === undefined ? SAMPLE_MSISDN : undefined,
    name,
    username,
    text = 'Hello',
    umid = randomUUID(),
    at = this.#now(),
  }: NewMessage): CustomerMessage {
    const inbound = {
      subAccountId,
      channel,
      ...(msisdn !== undefined && { msisdn }),
      ...(channelUserId !== undefined && { channelUserId }),
      ...(name && { name }),
      ...(username && { username }),
      text,
      umid,
      at,
    }
    this.emit('message', this.#conversations.receive(inbound))
    return inbound
  }

  /**
   * The webhook body of an inbound message as 8x8 posts it.
   * @param version default 3
   * @throws RangeError for a umid that was not received, or is forgotten (10,000 are kept)
   */
  webhook(umid: string, version?: 2 | 3): InboundWebhook {
    const found = this.inbound(umid)
    if (!found) throw new RangeError(`No inbound message ${umid}`)
    return webhookOf(found, version)
  }

  /**
   * Posts the webhook of an inbound message, with 8x8's retries. Ends when taken, when the last
   * retry failed, or at once when the sandbox closes.
   * @throws RangeError as {@link webhook}, TypeError for an unusable URL or header
   */
  async deliver(umid: string, to: DeliveryTarget): Promise<Delivery> {
    const webhook = this.webhook(umid, to.version)
    const closing = this.#closing.signal
    const signal = to.signal ? AbortSignal.any([closing, to.signal]) : closing
    return deliver(webhook, to, this.#retryDelays, signal)
  }

  /** The clock of this sandbox, epoch ms. */
  now(): number {
    return this.#now()
  }

  /** What the phone of a customer shows now; a copy. */
  conversation(key: ConversationKey): PhoneContent {
    return this.#conversations.get(key)
  }

  /**
   * The brand writes to a customer, as by the API. Takes the dots of that phone down.
   * @param text not empty
   */
  reply(to: ConversationKey, text: string): ConversationMessage {
    return this.#api.reply(to, { type: 'text', content: { text } })
  }

  /**
   * The customer's message with a umid.
   * @param umid in any case
   * @returns undefined for a umid that is not known, and for one of the brand
   */
  inbound(umid: string): CustomerMessage | undefined {
    const found = this.#conversations.find(undefined, umid)
    return found === 'outbound' ? undefined : found
  }

  /**
   * Asks a function for each API request which error to simulate. Of several functions, the first
   * that returns a fault counts.
   * @returns removes the function
   */
  addFault(fault: FaultFunction): () => void {
    this.#faultFunctions.add(fault)
    return () => void this.#faultFunctions.delete(fault)
  }

  #faultOf(request: SandboxRequest): Fault | undefined {
    for (const faultFunction of this.#faultFunctions) {
      const fault = faultFunction(request)
      if (fault) return fault
    }
    return undefined
  }

  /** Closes at once: connections are destroyed, hanging requests and deliveries end. */
  async close(): Promise<void> {
    this.#closing.abort()
    // Called back with an error when closed already, which is as good.
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }
}
