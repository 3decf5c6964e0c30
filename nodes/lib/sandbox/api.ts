import type { EventEmitter } from 'node:events'
import { CHANNELS, type Channel, CODES, SUB_ACCOUNT_ID } from '../api'
import {
  ApiError,
  checkAnswerable,
  checkSendable,
  readEventsBody,
  readMessagesBody,
  routeOf,
} from './checks'
import type { BusinessMessage, ConversationKey, Conversations } from './conversations'
import { CUSTOMERS, SAMPLE_UMID } from './customers'
import type { SandboxEvents } from './events'
import { type ApiAnswer, errorAnswer, jsonAnswer } from './faults'
import type { ConversationMessage } from './message'
import type { Receipts } from './receipts'

/** The request line, without query. */
interface RequestLine {
  method: string
  path: string
}

/** The API's two resources, and who may use them. */
export class SandboxApi {
  /** Users of each sub-account, by API key. */
  readonly #accounts = new Map<string, Map<string, number>>()
  readonly #conversations: Conversations
  readonly #lifetimes: Readonly<Record<Channel, number>>
  readonly #now: () => number
  readonly #events: EventEmitter<SandboxEvents>
  readonly #receipts: Receipts

  /**
   * @param lifetimes ms an indicator lives
   * @param now the clock, epoch ms
   */
  constructor(
    conversations: Conversations,
    lifetimes: Readonly<Record<Channel, number>>,
    now: () => number,
    events: EventEmitter<SandboxEvents>,
    receipts: Receipts,
  ) {
    this.#conversations = conversations
    this.#lifetimes = lifetimes
    this.#now = now
    this.#events = events
    this.#receipts = receipts
  }

  /** See `Sandbox.addSubAccount`. */
  addSubAccount(subAccountId: string, apiKey: string): () => void {
    const users = this.#accounts.get(apiKey) ?? new Map<string, number>()
    this.#accounts.set(apiKey, users.set(subAccountId, (users.get(subAccountId) ?? 0) + 1))
    let withdrawn = false
    return () => {
      if (withdrawn) return
      withdrawn = true
      const left = (users.get(subAccountId) ?? 0) - 1
      if (left > 0) users.set(subAccountId, left)
      else users.delete(subAccountId)
      if (users.size === 0) this.#accounts.delete(apiKey)
    }
  }

  /**
   * Checks the head of a request: path, method, key and sub-account.
   * @param authorization the header as it came
   * @returns the error answer; undefined if the head is fine
   */
  checkHead(line: RequestLine, authorization: string | undefined): ApiAnswer | undefined {
    return this.#answerErrors(() => void this.#authorize(line, authorization))
  }

  /**
   * Checks a request and carries it out. The order of the checks is our guess: path, method, key,
   * sub-account, body, fields, umid.
   * @param authorization the header as it came
   * @param body the JSON value, or the status for one that is not JSON (400) or too large (413, our
   *   guess)
   */
  answer(
    line: RequestLine,
    authorization: string | undefined,
    body: { value: unknown } | 400 | 413,
  ): ApiAnswer {
    return this.#answerErrors(() => {
      const { subAccountId, resource } = this.#authorize(line, authorization)
      if (typeof body === 'number') {
        const reason = body === 400 ? 'body: not JSON' : 'body: too large'
        throw new ApiError(body, CODES.invalidParameter, reason)
      }
      return this[resource](subAccountId, body.value)
    })
  }

  /** @returns what `work` returns, or the answer for the ApiError that it throws */
  #answerErrors<T>(work: () => T): T | ApiAnswer {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return errorAnswer(error.status, error.code, error.message, this.#now())
    }
  }

  /** Path, method, key and sub-account. That a wrong method is a 405 with 1300 is our guess. */
  #authorize({ method, path }: RequestLine, authorization = '') {
    const route = routeOf(path)
    if (!route) throw new ApiError(404, CODES.notFound, 'Not found')
    if (method !== 'POST') throw new ApiError(405, CODES.notFound, 'Method not allowed')
    const owned = this.#accounts.get(/^Bearer +(.+)$/i.exec(authorization)?.[1] ?? '')
    if (!owned) {
      throw new ApiError(401, CODES.unauthorized, 'Request was not authenticated properly')
    }
    if (!SUB_ACCOUNT_ID.test(route.subAccountId) || !owned.has(route.subAccountId)) {
      const text = "Provided subAccountId doesn't belongs to your account"
      throw new ApiError(400, CODES.illegalSubAccount, text)
    }
    return route
  }

  /**
   * Shows the dots: 200 without a body, as nothing is documented of one. A repeat restarts the
   * time, on RCS as Google documents; for WhatsApp reports conflict, some see no refresh.
   */
  private events(subAccountId: string, body: unknown): ApiAnswer {
    const { channel, umid } = readEventsBody(body)
    const found = this.#find(subAccountId, channel, umid)
    const message = checkAnswerable(found, channel, this.#now())
    this.#events.emit('typing', this.#conversations.showTyping(message, this.#lifetimes[channel]))
    return { status: 200 }
  }

  /**
   * Shows a reply, and takes the dots down. It goes to the first of `channels`, else to the channel
   * of the customer's last message, else to that of a customer of ours, else to WhatsApp or, for a
   * LINE user, to LINE. All but the first is our guess: 8x8 follows the fallback rules of the
   * sub-account.
   */
  private messages(subAccountId: string, body: unknown): ApiAnswer {
    const request = readMessagesBody(body)
    const { user, type, content, clientMessageId, channels, context } = request
    const customer =
      user.msisdn === undefined
        ? { channelUserId: user.channelUserId ?? user.lineUserId }
        : { msisdn: user.msisdn }
    const channel =
      channels?.[0]?.channel.toLowerCase() ??
      this.#conversations.lastChannel(subAccountId, customer) ??
      CUSTOMERS.find(({ msisdn }) => msisdn !== undefined && msisdn === user.msisdn)?.channel ??
      (user.lineUserId === undefined ? 'whatsapp' : 'line')
    checkSendable(request, channel)
    const quotes = channel === 'whatsapp' ? context?.umid : undefined
    if (quotes !== undefined) this.#checkQuoted(subAccountId, quotes)
    const message = this.reply({ subAccountId, channel, ...customer }, { type, content, quotes })
    const status = { state: 'queued', timestamp: new Date(message.at).toISOString() }
    const { umid } = message
    return { ...jsonAnswer(200, { umid, user, clientMessageId, status }), umid }
  }

  /** See `Sandbox.reply`. */
  reply(to: ConversationKey, content: BusinessMessage): ConversationMessage {
    const { key, message, stopped } = this.#conversations.reply(to, content)
    this.#events.emit('message', { key, message })
    if (stopped) this.#events.emit('typing', { key, umid: stopped, until: undefined })
    if (CHANNELS.some((name) => name === key.channel.toLowerCase())) {
      this.#receipts.start(message.umid)
    }
    return message
  }

  /** That 8x8 refuses to quote an unknown message, and with which code, is our guess. */
  #checkQuoted(subAccountId: string, umid: string): void {
    if (umid.toLowerCase() === SAMPLE_UMID) return
    if (this.#conversations.find(subAccountId, umid)) return
    throw new ApiError(400, CODES.notFound, 'context.umid not found')
  }

  #find(subAccountId: string, channel: Channel, umid: string) {
    const found = this.#conversations.find(subAccountId, umid)
    if (umid.toLowerCase() !== SAMPLE_UMID) return found
    const at = this.#now()
    if (found && found !== 'outbound' && found.channel === channel) return { ...found, at }
    const msisdn = CUSTOMERS.find((customer) => customer.channel === channel)?.msisdn
    return { umid, subAccountId, channel, msisdn, text: '', at }
  }
}
