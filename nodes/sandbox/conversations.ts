import { randomUUID } from 'node:crypto'
import type { CHANNELS_WITHOUT_INDICATOR, Channel } from '../account/api'
import type { ConversationMessage } from './message'

/** Inbound and outbound umids known at a time; our choice. The oldest is forgotten first. */
export const MAX_UMIDS = 10_000

/** Conversations kept; our choice. The one without a message for longest is dropped first. */
export const MAX_CONVERSATIONS = 1000

/** Messages kept of each conversation; our choice. The oldest is dropped first. */
export const MAX_MESSAGES = 100

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

/** A conversation as stored: with its key, and with the message that the dots answer. */
interface Stored extends Conversation {
  key: ConversationKey
  typingFor?: string
}

/** What every phone shows and which umids 8x8 knows; in memory and bounded. */
export class Conversations {
  /** By umid in lower case; `inbound` is absent for a message of the brand. */
  readonly #umids = new Map<string, { subAccountId: string; inbound?: InboundMessage }>()
  readonly #stored = new Map<string, Stored>()
  readonly #now: () => number

  /** @param now the clock, epoch ms */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Stores a customer's message and shows it on the phone. */
  receive(inbound: InboundMessage): ConversationMessage {
    const { umid, subAccountId, text, at } = inbound
    put(this.#umids, umid.toLowerCase(), { subAccountId, inbound }, MAX_UMIDS)
    return append(this.#open(inbound), { umid, from: 'customer', text, at })
  }

  /**
   * The brand's message to a customer, on the channel of the customer's last message, or on
   * WhatsApp when there was none (our guess). Takes the dots down (Meta and Google doc).
   * @param channel where a channel is given, the message goes to the phone on that one
   * @returns where it was shown, and the umid that the dots were for if there were any
   */
  reply(subAccountId: string, msisdn: string, text: string, channel?: string) {
    // The one written last is of the customer's last message, because replies follow it there.
    const last = [...this.#stored.values()].findLast(
      ({ key }) => key.subAccountId === subAccountId && key.msisdn === msisdn,
    )
    const key = channel ? undefined : last?.key
    const stored = this.#open(key ?? { subAccountId, channel: channel ?? 'whatsapp', msisdn })
    const at = this.#now()
    const message = append(stored, { umid: randomUUID(), from: 'brand', text, at })
    put(this.#umids, message.umid, { subAccountId }, MAX_UMIDS)
    const stopped = (stored.typingUntil ?? 0) > at ? stored.typingFor : undefined
    delete stored.typingUntil
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
    // Not opened anew when there: dots alone do not make it the customer's last channel.
    const stored = this.#stored.get(idOf(message)) ?? this.#open(message)
    const now = this.#now()
    const until = now + lifetime
    stored.typingUntil = until
    stored.typingFor = message.umid
    if (message.channel === 'whatsapp') {
      const end = stored.messages.findLastIndex(({ umid }) => umid === message.umid)
      for (const shown of stored.messages.slice(0, end + 1)) {
        if (shown.from === 'customer') shown.readAt ??= now
      }
    }
    return { key: stored.key, umid: message.umid, until }
  }

  /** What a phone shows now: a copy; without messages for a phone that is not known. */
  get(key: ConversationKey): Conversation {
    const { messages = [], typingUntil = 0 } = this.#stored.get(idOf(key)) ?? {}
    return {
      messages: messages.map((message) => ({ ...message })),
      ...(typingUntil > this.#now() && { typingUntil }),
    }
  }

  /** The conversation of a key, made if need be, and from now on the one written last. */
  #open(key: ConversationKey): Stored {
    const { subAccountId, channel, msisdn } = key
    const id = idOf(key)
    const stored = this.#stored.get(id) ?? { key: { subAccountId, channel, msisdn }, messages: [] }
    put(this.#stored, id, stored, MAX_CONVERSATIONS)
    return stored
  }
}

function idOf({ subAccountId, channel, msisdn }: ConversationKey): string {
  return `${subAccountId} ${channel.toLowerCase()} ${msisdn}`
}

/** @returns a copy, because the stored one changes when it is read */
function append({ messages }: Stored, message: ConversationMessage): ConversationMessage {
  if (messages.push(message) > MAX_MESSAGES) messages.shift()
  return { ...message }
}

/** Sets as the newest, and drops the oldest beyond the limit. */
function put<V>(map: Map<string, V>, key: string, value: V, limit: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > limit) map.delete(map.keys().next().value as string)
}
