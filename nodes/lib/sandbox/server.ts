import { randomUUID } from 'node:crypto'
import { EventEmitter, once, setMaxListeners } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Channel } from '../api'
import { SandboxApi } from './api'
import {
  type ConversationKey,
  Conversations,
  type CustomerMessage,
  type PhoneContent,
} from './conversations'
import { SAMPLE_MSISDN } from './customers'
import type { SandboxEvents } from './events'
import type { Fault } from './faults'
import { handleRequest, requestOf, type SandboxRequest } from './handler'
import { ByteBudget } from './held-request'
import type { ConversationMessage, ReceiptState } from './message'
import { Receipts } from './receipts'
import { type InboundWebhook, type ReceiptWebhook, receiptOf, webhookOf } from './webhook'

export { SAMPLE_MSISDN, SAMPLE_UMID } from './customers'
export type { SandboxRequest } from './handler'

/** ms an indicator lives: 25 s on WhatsApp (Meta doc), about 20 s on RCS (Google doc). */
const LIFETIMES: Readonly<Record<Channel, number>> = { whatsapp: 25_000, rcs: 20_000 }

/** ms after a reply at which it is sent, delivered and read; our choice, to be seen one by one. */
const RECEIPT_DELAYS: readonly number[] = [200, 500, 1200]

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
  /** After a reply, until it is sent, delivered and read; default 200, 500 and 1200. `[]`: never. */
  receiptDelays?: readonly number[]
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

/**
 * An 8x8 on loopback: the API, and the phones behind it. All state is in memory and bounded. It stays
 * while the server is closed, and there when that listens again.
 */
export class Sandbox extends EventEmitter<SandboxEvents> {
  /** The last 500 requests, newest last; they also stay when a sub-account is forgotten. */
  readonly requests: readonly SandboxRequest[]
  readonly #requests: SandboxRequest[] = []
  readonly #port: number
  readonly #now: () => number
  readonly #conversations: Conversations
  readonly #receipts: Receipts
  readonly #api: SandboxApi
  readonly #budget = new ByteBudget(MAX_UNFINISHED_BYTES)
  readonly #faultFunctions = new Set<FaultFunction>()
  #url = ''
  #running: { server: Server; closing: AbortController } | undefined

  constructor(options: SandboxOptions = {}) {
    super()
    this.requests = this.#requests
    this.#port = options.port ?? 0
    this.#now = options.now ?? Date.now
    const monotonic = options.monotonic ?? options.now ?? (() => performance.now())
    this.#conversations = new Conversations(this.#now, monotonic)
    const delays = options.receiptDelays ?? RECEIPT_DELAYS
    this.#receipts = new Receipts(delays, (...due) => this.#advance(...due))
    const lifetimes = { ...LIFETIMES, ...options.lifetimes }
    this.#api = new SandboxApi(this.#conversations, lifetimes, this.#now, this, this.#receipts)
    // Every phone listens, and any number of them is no leak.
    this.setMaxListeners(0)
  }

  /** A new sandbox that listens. @throws Error of {@link listen} */
  static async start(options: SandboxOptions = {}): Promise<Sandbox> {
    const sandbox = new Sandbox(options)
    await sandbox.listen()
    return sandbox
  }

  /** `http://127.0.0.1:<port>` of the last {@link listen}; blank before the first. */
  get url(): string {
    return this.#url
  }

  /** Starts its server, also again after {@link close}. @throws Error of listen, e.g. EADDRINUSE */
  async listen(): Promise<void> {
    const closing = new AbortController()
    // Every delayed answer listens to it, and any number of them is no leak.
    setMaxListeners(0, closing.signal)
    // Malformed HTTP needs no listener: Node answers it with 400 and drops the connection.
    const server = createServer(HTTP_LIMITS, (incoming, response) => {
      const request = requestOf(incoming, this.#now())
      if (this.#requests.push(request) > MAX_REQUESTS) this.#requests.shift()
      void handleRequest(request, incoming, response, {
        now: this.#now,
        budget: this.#budget,
        closing: closing.signal,
        checkHead: (...head) => this.#api.checkHead(...head),
        fault: (received) => this.#faultOf(received),
        answer: (...received) => this.#api.answer(...received),
        end: (ended) => this.emit('request', ended),
      })
    })
    server.maxConnections = MAX_CONNECTIONS
    // The backlog takes thousands of connections at once, where the default of 511 stalls.
    server.listen({ host: '127.0.0.1', port: this.#port, backlog: MAX_CONNECTIONS })
    await once(server, 'listening')
    this.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.#running = { server, closing }
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
   * A customer writes to the business, or presses something; nothing is posted, see {@link webhook}.
   * @param message default: WhatsApp, {@link SAMPLE_MSISDN} unless there is a `channelUserId`, no
   *   name, `Hello`, plain text, a new umid, now. For what is pressed: the title as `text`, the type
   *   `Interactive`, a `content` from `contentOf` (./choice.ts) and `replyToUmid`
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
    type,
    content,
    replyToUmid,
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
      ...(type !== undefined && { type }),
      ...(content !== undefined && { content }),
      ...(replyToUmid !== undefined && { replyToUmid }),
      umid,
      at,
    }
    this.emit('message', this.#conversations.receive(inbound))
    return inbound
  }

  /**
   * The webhook body that 8x8 posts for a message: of a customer's the inbound message, of the
   * business's the newest receipt.
   * @param umid in any case
   * @param version default 3
   * @throws RangeError for a umid that is not known or forgotten (10,000 are kept), and for one of
   *   the business that has no receipt yet
   */
  webhook(umid: string, version?: 2 | 3): InboundWebhook | ReceiptWebhook {
    const inbound = this.inbound(umid)
    if (inbound) return webhookOf(inbound, version)
    const receipt = this.#conversations.receipt(umid)
    if (receipt) return receiptOf(receipt, version)
    throw new RangeError(`No webhook for the message ${umid}`)
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
   * The business writes to a customer, as by the API: it takes the dots of that phone down, and gets
   * receipts.
   * @param text not empty
   */
  reply(to: ConversationKey, text: string): ConversationMessage {
    return this.#api.reply(to, { type: 'text', content: { text } })
  }

  /**
   * The customer's message with a umid.
   * @param umid in any case
   * @returns undefined for a umid that is not known, and for one of the business
   */
  inbound(umid: string): CustomerMessage | undefined {
    const found = this.#conversations.find(undefined, umid)
    return found === 'outbound' ? undefined : found
  }

  /** Drops the messages and dots of a phone. Its umids stay known, and pending receipts still come. */
  clear(key: ConversationKey): void {
    this.emit('clear', { key: this.#conversations.clear(key) })
  }

  /** Drops all conversations and umids of a sub-account. No event; pending receipts end. */
  forget(subAccountId: string): void {
    this.#conversations.forget(subAccountId)
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

  #advance(umid: string, state: ReceiptState): void {
    const receipt = this.#conversations.advance(umid, state)
    if (!receipt) return
    this.emit('receipt', { key: receipt.key, umid, state, webhook: receiptOf(receipt) })
  }

  /**
   * Closes its server at once: connections are destroyed, hanging requests and pending receipts end.
   * All else stays. Does nothing for one that does not listen.
   */
  async close(): Promise<void> {
    this.#receipts.close()
    const running = this.#running
    if (!running) return
    this.#running = undefined
    running.closing.abort()
    const closed = once(running.server, 'close')
    running.server.close()
    running.server.closeAllConnections()
    await closed
  }
}
