import { unreadable } from './thrown'

/** What a typing indicator needs to know of an inbound message; unchecked, as 8x8 wrote it. */
export interface InboundMessage {
  umid?: unknown
  channel?: unknown
  subAccountId?: unknown
  /** When 8x8 received the message. */
  timestamp?: unknown
  user?: { msisdn?: unknown; channelUserId?: unknown } | undefined
}

/**
 * Reads `msg.payload` as an 8x8 webhook, version 2 or 3. Only what matters here is looked at, and
 * by hand, because every message comes through here.
 * @returns the event's type and message, or undefined for anything else
 * @throws {import('../account/errors').TypingError} `invalid-input` for one that throws
 */
export function readWebhook(
  payload: unknown,
): { inbound: boolean; message: InboundMessage } | undefined {
  try {
    return read(payload)
  } catch (thrown) {
    throw unreadable('msg.payload', thrown)
  }
}

function read(payload: unknown): ReturnType<typeof readWebhook> {
  if (!isObject(payload)) return undefined
  const { eventType, payload: event } = payload
  if (typeof eventType !== 'string' || !isObject(event)) return undefined
  const { umid, subAccountId, timestamp, recipient, user } = event
  return {
    inbound: eventType === 'inbound_message_received',
    message: {
      umid,
      subAccountId,
      timestamp,
      channel: isObject(recipient) ? recipient.channel : undefined,
      // Copied, so that nothing of the payload is read outside of here.
      user: isObject(user) ? { msisdn: user.msisdn, channelUserId: user.channelUserId } : undefined,
    },
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
