import { types } from 'node:util'
import { unreadable } from './thrown'

/** The fields of an inbound message that our nodes need; unchecked, as 8x8 wrote them. */
export interface WebhookMessage {
  umid?: unknown
  channel?: unknown
  subAccountId?: unknown
  /** When 8x8 received the message. */
  timestamp?: unknown
  user?: { msisdn?: unknown; channelUserId?: unknown; lineUserId?: unknown } | undefined
}

/** An event of 8x8, as its webhooks bring it. */
export interface Webhook {
  /** Whether it is an inbound message; nothing else can be answered. */
  inbound: boolean
  /** Unchecked, as 8x8 wrote it. */
  eventType: unknown
  /** Whether it is about the business account, not about a message. */
  business: boolean
  /** Fields that an event may have which is not inbound. */
  message: WebhookMessage
}

/** Bytes of a text that is read as a webhook; 8x8's have a few thousand. Our choice. */
const MAX_TEXT = 1024 * 1024

/**
 * Reads a property of a message, e.g. `msg.payload`, as an 8x8 webhook, version 2 or 3. Looks only
 * at what a typing indicator or a reply needs, and by hand: every message comes through here, and
 * the schema of the inbound node (event.ts) takes 0.6 µs in place of 0.05 µs (docs/adr/0010). Errors
 * also have to tell what is wrong with a field, so a malformed one must not be missing.
 * @param asText whether to read JSON in a text or a Buffer: of an `http in` node that got no content
 *   type, or of MQTT
 * @param place where the payload is, for errors
 * @returns undefined for anything else
 * @throws {MessagingError} `invalid-input` for a payload that throws
 */
export function readWebhook(
  payload: unknown,
  asText: boolean,
  place = 'msg.payload',
): Webhook | undefined {
  try {
    return read(asText ? parseText(payload) : payload)
  } catch (thrown) {
    throw unreadable(place, thrown)
  }
}

function read(payload: unknown): Webhook | undefined {
  if (!isObject(payload)) return undefined
  const { eventType, payload: event } = payload
  if (!isObject(event)) {
    if (!isObject(payload.eventDetails)) return undefined
    return { inbound: false, eventType, business: true, message: {} }
  }
  if (typeof eventType !== 'string') return undefined
  const { umid, subAccountId, timestamp, user } = event
  return {
    inbound: eventType === 'inbound_message_received',
    eventType,
    business: false,
    message: {
      umid,
      subAccountId,
      timestamp,
      channel: channelOf(payload, event),
      // Copied, so that no other code reads the payload, which may throw.
      user: isObject(user)
        ? { msisdn: user.msisdn, channelUserId: user.channelUserId }
        : event.source === undefined
          ? undefined
          : { msisdn: event.source }, // an inbound SMS
    },
  }
}

/** An older sample of LINE has its channel beside the umid; an inbound SMS names none. */
function channelOf(webhook: Record<string, unknown>, event: Record<string, unknown>): unknown {
  const { recipient } = event
  const channel = isObject(recipient) ? recipient.channel : event.channel
  if (channel) return channel
  const { namespace } = webhook
  return typeof namespace === 'string' && namespace.toUpperCase() === 'SMS' ? 'sms' : undefined
}

/** The event in a text or a Buffer, or the payload as it is if it is neither. */
function parseText(payload: unknown): unknown {
  const text = textOf(payload)
  // A quick check first: most texts are something else.
  if (text === undefined || !/^\s*\{/.test(text) || !text.includes('"eventType"')) return payload
  try {
    return JSON.parse(text.trim()) // a byte order mark counts as a blank
  } catch {
    return payload
  }
}

/** A text or a Buffer as text; undefined for one above 1 MB, and for anything else. */
export function textOf(payload: unknown): string | undefined {
  if (typeof payload === 'string') {
    return payload.length <= MAX_TEXT && Buffer.byteLength(payload) <= MAX_TEXT
      ? payload
      : undefined
  }
  if (!types.isUint8Array(payload) || payload.byteLength > MAX_TEXT) return undefined
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString()
}

/** Whether a value is an object, and no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
