import { randomUUID } from 'node:crypto'
import type { CHANNELS_WITHOUT_INDICATOR, Channel } from '../api'
import type { ConversationMessage } from './message'
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
const MAX_CONVERSATION_BYTES = 4 * 1024 * 1024

/**
 * Messages kept of each conversation, and bytes that they hold; our choice: the page is sent all of
 * them with each change. The oldest is dropped first, the newest always stays.
 */
export const MAX_MESSAGES = 100
const MAX_MESSAGE_BYTES = 256 * 1024

/** Bytes of a message, a umid or a conversation without its texts, as measured, rounded up. */
const OVERHEAD = 300

/** Any channel of 8x8, in lower case. */
export type AnyChannel = Channel | (typeof CHANNELS_WITHOUT_INDICATOR)[number]

/** A customer's message to the brand, as 8x8 stores it. */
export interface InboundMessage {
  umid: string
  subAccountId: string
  channel: AnyChannel
  msisdn: string
  name?: string
  text: string
  /** When 8x8 received it, epoch ms. */
  at: number
}

/** One customer's phone, on one channel, with one sub-account. */
export interface ConversationKey {
  subAccountId: string
  /** In any case, as webhooks write `RCS`. */
  channel: Channel | string
  msisdn: string
}

/** What the phone shows. */
export interface Conversation {
  /** Oldest first. */
  messages: ConversationMessage[]
  /** Epoch ms until which the dots are shown, never in the past; absent without dots. */
  typingUntil?: number
}

/** A conversation as stored. */
interface Stored {
  key: ConversationKey
  /** Oldest first. */
  messages: ConversationMessage[]
  /** Of all messages. */
  bytes: number
  /** The message that the dots answer, and until when, on the monotonic clock. */
  typing?: { umid: string; until: number }
}

/** What every phone shows and which umids 8x8 knows; in memory and bounded. */
export class Conversations {
  /** By umid in lower case; `inbound` is absent for a message of the brand. */
  readonly #umids = new RecentMap<{ subAccountId: string; inbound?: InboundMessage }>(
    MAX_UMIDS,
    MAX_UMID_BYTES,
  )
  readonly #stored = new RecentMap<Stored>(MAX_CONVERSATIONS, MAX_CONVERSATION_BYTES)
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

  /** Stores a customer's message and shows it on the phone. */
  receive(inbound: InboundMessage): ConversationMessage {
    const { umid, subAccountId, text, at } = inbound
    this.#umids.set(umid.toLowerCase(), { subAccountId, inbound }, bytesOf(text))
    return this.#append(this.#find(inbound), { umid, from: 'customer', text, at })
  }

  /**
   * The brand's message to a customer, on the channel of the customer's last message, or on
   * WhatsApp when there was none (our guess). Takes the dots down (Meta and Google doc).
   * @param channel where a channel is given, the message goes to the phone on that one
   * @returns where it was shown, and the umid that the dots were for if there were any
   */
  reply(subAccountId: string, msisdn: string, text: string, channel?: string) {
    // The one written last is of the customer's last message, because replies follow it there.
    const last = this.#stored
      .values()
      .findLast(({ key }) => key.subAccountId === subAccountId && key.msisdn === msisdn)
    const key = channel ? undefined : last?.key
    const stored = this.#find(key ?? { subAccountId, channel: channel ?? 'whatsapp', msisdn })
    const at = this.#now()
    const message = this.#append(stored, { umid: randomUUID(), from: 'brand', text, at })
    this.#umids.set(message.umid, { subAccountId }, OVERHEAD)
    const stopped = this.#typingLeft(stored) > 0 ? stored.typing?.umid : undefined
    delete stored.typing
    return { key: stored.key, message, stopped }
  }

  /**
   * What 8x8 knows of a umid.
   * @param subAccountId a message of another sub-account is not found; undefined: of any
   * @param umid in any case
   */
  find(subAccountId: string | undefined, umid: string): InboundMessage | 'outbound' | undefined {
    const known = this.#umids.get(umid.toLowerCase())
    if (!known || known.subAccountId !== (subAccountId ?? known.subAccountId)) return undefined
    return known.inbound ?? 'outbound'
  }

  /**
   * Shows the dots for a message. On WhatsApp it and the customer's earlier messages become read
   * (8x8 doc for the message; for the earlier ones our guess, from how WhatsApp phones behave).
   * @param lifetime ms
   */
  showTyping(message: InboundMessage, lifetime: number) {
    const stored = this.#find(message)
    // Not put anew when there: dots alone do not make it the customer's last channel.
    if (!this.#stored.get(idOf(message))) this.#put(stored)
    const now = this.#now()
    stored.typing = { umid: message.umid, until: this.#monotonic() + lifetime }
    if (message.channel === 'whatsapp') {
      const end = stored.messages.findLastIndex(({ umid }) => umid === message.umid)
      for (const shown of stored.messages.slice(0, end + 1)) {
        if (shown.from === 'customer') shown.readAt ??= now
      }
    }
    return { key: stored.key, umid: message.umid, until: now + lifetime }
  }

  /** What a phone shows now: a copy; without messages for a phone that is not known. */
  get(key: ConversationKey): Conversation {
    const stored = this.#find(key)
    const left = this.#typingLeft(stored)
    return {
      messages: stored.messages.map((message) => ({ ...message })),
      ...(left > 0 && { typingUntil: Math.round(this.#now() + left) }),
    }
  }

  /** ms for which the dots are still shown; 0 or less without. */
  #typingLeft({ typing }: Stored): number {
    return typing ? typing.until - this.#monotonic() : 0
  }

  /** The conversation of a key; an empty one, not stored yet, where there is none. */
  #find(key: ConversationKey): Stored {
    const { subAccountId, channel, msisdn } = key
    const stored = this.#stored.get(idOf(key))
    return stored ?? { key: { subAccountId, channel, msisdn }, messages: [], bytes: 0 }
  }

  /** Stores a conversation as the one written last. */
  #put(stored: Stored): void {
    this.#stored.set(idOf(stored.key), stored, OVERHEAD + stored.bytes)
  }

  /** @returns a copy, because the stored one changes when it is read */
  #append(stored: Stored, message: ConversationMessage): ConversationMessage {
    const { messages } = stored
    messages.push(message)
    stored.bytes += bytesOf(message.text)
    while (
      messages.length > MAX_MESSAGES ||
      (messages.length > 1 && stored.bytes > MAX_MESSAGE_BYTES)
    ) {
      stored.bytes -= bytesOf(messages.shift()?.text ?? '')
    }
    this.#put(stored)
    return { ...message }
  }
}

function idOf({ subAccountId, channel, msisdn }: ConversationKey): string {
  return `${subAccountId} ${channel.toLowerCase()} ${msisdn}`
}

/** Bytes that a message holds; a character takes up to two. */
function bytesOf(text: string): number {
  return OVERHEAD + 2 * text.length
}
