import { randomUUID } from 'node:crypto'
import type { CHANNELS_WITHOUT_INDICATOR, Channel } from '../api'
import type { ConversationMessage, ReceiptState } from './message'
import { RecentMap } from './recent-map'

/**
 * Inbound and outbound umids known at a time, and bytes that they hold with their messages; our
 * choice. The oldest is forgotten first.
 */
export const MAX_UMIDS = 10_000
const MAX_UMID_BYTES = 4 * 1024 * 1024

/**
 * Conversations kept, and bytes that they hold; our choice. The one without a message for longest is
 * dropped first.
 */
export const MAX_CONVERSATIONS = 1000
const MAX_CONVERSATION_BYTES = 3 * 1024 * 1024

/**
 * Messages kept of each conversation, and bytes that they hold; our choice: the page is sent all of
 * them with each change. The oldest is dropped first, the newest always stays.
 */
export const MAX_MESSAGES = 100
const MAX_MESSAGE_BYTES = 256 * 1024

/** Bytes of a message, a umid or a conversation without its texts, as measured, rounded up. */
const OVERHEAD = 400

/** Any channel of 8x8, in lower case. */
export type AnyChannel = Channel | (typeof CHANNELS_WITHOUT_INDICATOR)[number]

/** Who a customer is to 8x8; at least one of these. */
export interface CustomerIds {
  /** Of a customer who does not hide it. */
  msisdn?: string | undefined
  /** On WhatsApp the business-scoped user id, on LINE the user id. */
  channelUserId?: string | undefined
}

/** A customer's message to the business, as 8x8 stores it. */
export interface CustomerMessage extends CustomerIds {
  umid: string
  subAccountId: string
  channel: AnyChannel
  name?: string
  username?: string
  /** What the phone shows, and the webhook's content where no other is given. */
  text: string
  /** 8x8's `type` and `content` in the webhook; absent for plain text. */
  type?: string
  content?: Record<string, unknown>
  /** The message of the business that it answers, by pressing something in it. */
  replyToUmid?: string
  /** When 8x8 received it, epoch ms. */
  at: number
}

/** One customer's phone, on one channel, with one sub-account. */
export interface ConversationKey extends CustomerIds {
  subAccountId: string
  /** In any case, as webhooks write `RCS`. */
  channel: Channel | string
}

/** What the business writes. */
export interface BusinessMessage {
  /** 8x8's `type` and `content`, as in the API. */
  type: string
  content: Record<string, unknown>
  /** The umid of the message that it quotes. */
  quotes?: string | undefined
}

/** What the phone shows. */
export interface PhoneContent {
  /** Oldest first. */
  messages: ConversationMessage[]
  /** Epoch ms until which the dots are shown, never in the past; absent without dots. */
  typingUntil?: number
}

/** How far a message of the business has come. */
export interface Receipt {
  umid: string
  /** Whose phone shows the message. */
  key: ConversationKey
  state: ReceiptState
  /** Since when, epoch ms. */
  at: number
}

/** A message, and its content as JSON: parsed, that takes up to 20 times the memory. */
interface Kept<T> {
  message: Omit<T, 'content'>
  json: string | undefined
}

/** What is known of a umid: a customer's message, or to whom the business wrote. */
interface KnownUmid {
  subAccountId: string
  inbound?: Kept<CustomerMessage>
  sentTo?: ConversationKey
  /** The newest one of a message of the business. */
  receipt?: Receipt
}

/** A conversation as stored. */
interface Stored {
  key: ConversationKey
  /** Oldest first. */
  messages: (Kept<ConversationMessage> & { bytes: number })[]
  /** Of all messages. */
  bytes: number
  /** The message that the dots answer, and until when, on the monotonic clock. */
  typing?: { umid: string; until: number }
}

/** What every phone shows and which umids 8x8 knows; in memory and bounded. */
export class Conversations {
  /** By umid in lower case. */
  readonly #umids = new RecentMap<KnownUmid>(MAX_UMIDS, MAX_UMID_BYTES)
  readonly #stored = new RecentMap<Stored>(MAX_CONVERSATIONS, MAX_CONVERSATION_BYTES)
  /** The phone number of each sub-account and channelUserId that came together. */
  readonly #numbers = new RecentMap<string>(MAX_CONVERSATIONS, MAX_CONVERSATION_BYTES)
  readonly #now: () => number
  readonly #monotonic: () => number

  /**
   * @param now the clock, epoch ms: when messages came and were read
   * @param monotonic ms; dots live on it, so that setting the clock changes nothing for them
   */
  constructor(now: () => number, monotonic: () => number) {
    this.#now = now
    this.#monotonic = monotonic
  }

  /** Stores a customer's message and shows it on the phone. @returns where, and what is shown */
  receive(inbound: CustomerMessage): { key: ConversationKey; message: ConversationMessage } {
    const { umid, subAccountId, msisdn, channelUserId, text, type, content, replyToUmid, at } =
      inbound
    if (msisdn !== undefined && channelUserId !== undefined) {
      this.#numbers.set(`${subAccountId} ${channelUserId}`, msisdn, OVERHEAD)
    }
    const json = content && JSON.stringify(content)
    const { content: _, ...rest } = inbound
    const known = { subAccountId, inbound: { message: rest, json } }
    this.#umids.set(umid.toLowerCase(), known, bytesOf(text, json))
    const message: ConversationMessage = { umid, from: 'customer', text, at }
    if (replyToUmid !== undefined) message.quotes = replyToUmid
    if (type !== undefined) message.type = type
    const stored = this.#find(inbound)
    return { key: stored.key, message: this.#append(stored, message, json) }
  }

  /**
   * The channel of the customer's last message; undefined where there was none.
   * That the business answers there, without fallback rules, is our guess.
   */
  lastChannel(subAccountId: string, customer: CustomerIds): string | undefined {
    const name = nameOf(this.#normalize({ subAccountId, channel: '', ...customer }))
    // The one written last is of the customer's last message, because replies follow it there.
    return this.#stored
      .values()
      .findLast(({ key }) => key.subAccountId === subAccountId && nameOf(key) === name)?.key.channel
  }

  /**
   * Shows the business's message on a phone. Takes the dots down (Meta and Google doc).
   * @returns where it was shown, and the umid that the dots were for if there were any
   */
  reply(to: ConversationKey, businessMessage: BusinessMessage) {
    const stored = this.#find(to)
    const { subAccountId } = stored.key
    const { type, content, quotes } = businessMessage
    const isPlain = type === 'text' && Object.keys(content).length === 1
    const json = isPlain ? undefined : JSON.stringify(content)
    const text = type === 'text' ? `${content.text}` : `${json}`
    const shown: ConversationMessage = {
      umid: newUmid(),
      from: 'business',
      text,
      at: this.#now(),
      status: 'queued',
    }
    if (quotes !== undefined) shown.quotes = quotes
    if (!isPlain) shown.type = type
    const message = this.#append(stored, shown, json)
    this.#umids.set(message.umid, { subAccountId, sentTo: stored.key }, bytesOf(nameOf(stored.key)))
    const stopped = this.#typingLeft(stored) > 0 ? stored.typing?.umid : undefined
    delete stored.typing
    return { key: stored.key, message, stopped }
  }

  /**
   * What 8x8 knows of a umid.
   * @param subAccountId a message of another sub-account is not found; undefined: of any
   * @param umid in any case
   */
  find(subAccountId: string | undefined, umid: string): CustomerMessage | 'outbound' | undefined {
    const known = this.#umids.get(umid.toLowerCase())
    if (!known || known.subAccountId !== (subAccountId ?? known.subAccountId)) return undefined
    return known.inbound ? withContent(known.inbound) : 'outbound'
  }

  /**
   * Records how far a message of the business has come, and shows it.
   * @returns the receipt; undefined for a message that is forgotten
   */
  advance(umid: string, state: ReceiptState): Receipt | undefined {
    const known = this.#umids.get(umid)
    if (!known?.sentTo) return undefined
    const { messages } = this.#find(known.sentTo)
    const shown = messages.findLast(({ message }) => message.umid === umid)
    if (shown) shown.message.status = state
    known.receipt = { umid, key: known.sentTo, state, at: this.#now() }
    return known.receipt
  }

  /** The newest receipt of a message of the business, if there is one. @param umid in any case */
  receipt(umid: string): Receipt | undefined {
    return this.#umids.get(umid.toLowerCase())?.receipt
  }

  /** Drops the messages and dots of a phone; its umids stay known. @returns which phone it is */
  clear(key: ConversationKey): ConversationKey {
    const stored = this.#find(key)
    stored.messages = []
    stored.bytes = 0
    delete stored.typing
    // It stays where it is: the customer's last channel is still the same.
    this.#stored.resize(idOf(stored.key), OVERHEAD)
    return stored.key
  }

  /** Drops all of a sub-account: conversations, umids, and which number belongs to which user. */
  forget(subAccountId: string): void {
    this.#stored.deleteWhere(({ key }) => key.subAccountId === subAccountId)
    this.#umids.deleteWhere((known) => known.subAccountId === subAccountId)
    this.#numbers.deleteWhere((_number, name) => name.startsWith(`${subAccountId} `))
  }

  /**
   * Shows the dots for a message. On WhatsApp it and the customer's earlier messages become read
   * (8x8 doc for the message; for the earlier ones our guess, from how WhatsApp phones behave).
   * @param lifetime ms
   */
  showTyping(message: CustomerMessage, lifetime: number) {
    const stored = this.#find(message)
    // Not put anew when there: dots alone do not make it the customer's last channel.
    if (!this.#stored.get(idOf(stored.key))) this.#put(stored)
    const now = this.#now()
    stored.typing = { umid: message.umid, until: this.#monotonic() + lifetime }
    if (message.channel === 'whatsapp') {
      const end = stored.messages.findLastIndex((each) => each.message.umid === message.umid)
      for (const { message: shown } of stored.messages.slice(0, end + 1)) {
        if (shown.from === 'customer') shown.readAt ??= now
      }
    }
    return { key: stored.key, umid: message.umid, until: now + lifetime }
  }

  /** What a phone shows now: a copy; without messages for a phone that is not known. */
  get(key: ConversationKey): PhoneContent {
    const stored = this.#find(key)
    const left = this.#typingLeft(stored)
    return {
      messages: stored.messages.map(withContent),
      ...(left > 0 && { typingUntil: Math.round(this.#now() + left) }),
    }
  }

  /** ms for which the dots are still shown; 0 or less without. */
  #typingLeft({ typing }: Stored): number {
    return typing ? typing.until - this.#monotonic() : 0
  }

  /** The conversation of a key; an empty one, not stored yet, where there is none. */
  #find(key: ConversationKey): Stored {
    const normalized = this.#normalize(key)
    return this.#stored.get(idOf(normalized)) ?? { key: normalized, messages: [], bytes: 0 }
  }

  /** Stores a conversation as the one written last. */
  #put(stored: Stored): void {
    this.#stored.set(idOf(stored.key), stored, OVERHEAD + stored.bytes)
  }

  /** Names the customer by phone number where that is known. */
  #normalize({ subAccountId, channel, msisdn, channelUserId }: ConversationKey): ConversationKey {
    const number = msisdn ?? this.#numbers.get(`${subAccountId} ${channelUserId}`)
    const customer = number === undefined ? { channelUserId } : { msisdn: number }
    return { subAccountId, channel, ...customer }
  }

  /** @returns a copy, because the stored one changes when it is read */
  #append(stored: Stored, message: ConversationMessage, json?: string): ConversationMessage {
    const { messages } = stored
    const bytes = bytesOf(message.text, json)
    messages.push({ message, json, bytes })
    stored.bytes += bytes
    while (
      messages.length > MAX_MESSAGES ||
      (messages.length > 1 && stored.bytes > MAX_MESSAGE_BYTES)
    ) {
      stored.bytes -= messages.shift()?.bytes ?? 0
    }
    this.#put(stored)
    return withContent({ message, json })
  }
}

/** A message with its content, where it has one. */
function withContent<T extends object>({
  message,
  json,
}: {
  message: T
  json?: string | undefined
}) {
  return json === undefined ? { ...message } : { ...message, content: JSON.parse(json) }
}

/** In one piece: randomUUID joins it from parts, which stay in memory until it is read as a whole. */
function newUmid(): string {
  return Buffer.from(randomUUID()).toString()
}

function nameOf({ msisdn, channelUserId }: CustomerIds): string {
  return `${msisdn ?? channelUserId}`
}

function idOf(key: ConversationKey): string {
  return `${key.subAccountId} ${key.channel.toLowerCase()} ${nameOf(key)}`
}

/** Bytes that a message holds with its content as JSON; a character takes up to two. */
function bytesOf(text: string, json = ''): number {
  return OVERHEAD + 2 * (text.length + json.length)
}
