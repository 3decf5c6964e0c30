import type { EventEmitter } from 'node:events'
import { type Channel, CODES, SUB_ACCOUNT_ID } from '../api'
import { ApiError, checkAnswerable, readEvent, readMessage, routeOf } from './checks'
import type { Conversations } from './conversations'
import type { SandboxEvents } from './events'
import { type Answer, errorAnswer, jsonAnswer } from './faults'
import type { ConversationMessage } from './message'

/**
 * 8x8's example umid. Our choice, so that a flow can be tried with one inject node: the sandbox
 * takes it for a message just received, on either channel and any sub-account. It is of
 * {@link SAMPLE_MSISDN}, or of whoever sent a message with this umid there.
 */
export const SAMPLE_UMID = 'cf3cbbf5-3e2d-ea11-815d-020897df5459'

/** The customer where none is named: the phone number in 8x8's example of a webhook. */
export const SAMPLE_MSISDN = '+6500000000'

/** A call as it came, without query. */
interface Call {
  method: string
  path: string
}

/** The two calls of the API, and who may make them. */
export class SandboxApi {
  /** Users of each sub-account, by API key. */
  readonly #accounts = new Map<string, Map<string, number>>()
  readonly #conversations: Conversations
  readonly #lifetimes: Readonly<Record<Channel, number>>
  readonly #now: () => number
  readonly #events: EventEmitter<SandboxEvents>

  /**
   * @param lifetimes ms an indicator lives
   * @param now the clock, epoch ms
   */
  constructor(
    conversations: Conversations,
    lifetimes: Readonly<Record<Channel, number>>,
    now: () => number,
    events: EventEmitter<SandboxEvents>,
  ) {
    this.#conversations = conversations
    this.#lifetimes = lifetimes
    this.#now = now
    this.#events = events
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
   * Checks what the head of a call says: path, method, key and sub-account.
   * @param authorization the header as it came
   * @returns the refusal with its error body; undefined for a call whose body counts
   */
  refusal(call: Call, authorization: string | undefined): Answer | undefined {
    return this.#attempt(() => void this.#admit(call, authorization))
  }

  /**
   * Checks a call and does what it says. The order of the checks is our guess: path, method, key,
   * sub-account, body, fields, umid. Refusals come back as an answer with an error body.
   * @param authorization the header as it came
   * @param body the JSON value, or the status for one that is not JSON (400) or too large (413, our
   *   guess)
   */
  answer(
    call: Call,
    authorization: string | undefined,
    body: { value: unknown } | 400 | 413,
  ): Answer {
    return this.#attempt(() => {
      const { subAccountId, resource } = this.#admit(call, authorization)
      if (typeof body === 'number') {
        const reason = body === 400 ? 'body: not JSON' : 'body: too large'
        throw new ApiError(body, CODES.invalidParameter, reason)
      }
      return this[resource](subAccountId, body.value)
    })
  }

  /** @returns what comes back, or the answer that a thrown refusal means */
  #attempt<T>(work: () => T): T | Answer {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return errorAnswer(error.status, error.code, error.message, this.#now())
    }
  }

  /** Path, method, key and sub-account. That a wrong method is a 405 with 1300 is our guess. */
  #admit({ method, path }: Call, authorization = '') {
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
  private events(subAccountId: string, body: unknown): Answer {
    const { channel, umid } = readEvent(body)
    const found = this.#find(subAccountId, channel, umid)
    const message = checkAnswerable(found, channel, this.#now())
    this.#events.emit('typing', this.#conversations.showTyping(message, this.#lifetimes[channel]))
    return { status: 200 }
  }

  /** Shows a reply, and takes the dots down. */
  private messages(subAccountId: string, body: unknown): Answer {
    const { user, content, clientMessageId } = readMessage(body)
    const message = this.reply(subAccountId, user.msisdn, content.text)
    const status = { state: 'queued', timestamp: new Date(message.at).toISOString() }
    return jsonAnswer(200, { umid: message.umid, user, clientMessageId, status })
  }

  /** See `Sandbox.reply`. @param channel undefined: that of the customer's last message */
  reply(
    subAccountId: string,
    msisdn: string,
    text: string,
    channel?: Channel,
  ): ConversationMessage {
    const replied = this.#conversations.reply(subAccountId, msisdn, text, channel)
    const { key, message, stopped } = replied
    this.#events.emit('message', { key, message })
    if (stopped) this.#events.emit('typing', { key, umid: stopped, until: undefined })
    return message
  }

  #find(subAccountId: string, channel: Channel, umid: string) {
    const found = this.#conversations.find(subAccountId, umid)
    if (umid.toLowerCase() !== SAMPLE_UMID) return found
    const at = this.#now()
    if (found && found !== 'outbound' && found.channel === channel) return { ...found, at }
    return { umid, subAccountId, channel, msisdn: SAMPLE_MSISDN, text: '', at }
  }
}
