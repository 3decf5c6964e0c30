import type { CustomerIds, CustomerMessage, Receipt } from './conversations'
import type { ReceiptState } from './message'

/** The business's own id on every channel: the one in 8x8's example. */
const CHANNEL_ID = '6500000001'

/** Channels that webhooks do not write in lower case (8x8 doc). */
const SPELLING: Partial<Record<string, string>> = {
  rcs: 'RCS',
  zalonotification: 'ZaloNotification',
  linenotification: 'LineNotification',
}

/** The customer in a webhook; what is not known is left out. */
interface WebhookUser {
  msisdn?: string
  channelUserId?: string
  name?: string
  username?: string
}

/** The body of a webhook of 8x8, version 3 or (without `version`) version 2. */
interface Webhook<EventType extends string, Fields> {
  version?: 3
  namespace: 'ChatApps'
  eventType: EventType
  description: string
  payload: {
    /** Of the message that it is about. */
    umid: string
    subAccountId: string
    /** ISO 8601. */
    timestamp: string
    user: WebhookUser
  } & Fields
}

/** The webhook of a customer's message. */
export type InboundWebhook = Webhook<
  'inbound_message_received',
  {
    recipient: { channel: string; channelId: string }
    type: string
    content: Record<string, unknown>
    replyToUmid?: string
  }
>

/** The delivery receipt of a message of the business. */
export type ReceiptWebhook = Webhook<
  'outbound_message_status_changed',
  { channel: string; status: { state: ReceiptState; timestamp: string } }
>

/**
 * The webhook of a customer's message (8x8 doc). In version 3 a field without a value is left out;
 * RCS and Viber users have only a phone number, LINE users only `channelUserId`, for which the
 * sandbox also takes a phone number. In version 2 `channelUserId` repeats the phone number; that
 * unknown fields are left out there too is our guess.
 */
export function webhookOf(message: CustomerMessage, version: 2 | 3 = 3): InboundWebhook {
  const { umid, subAccountId, channel, at, text, type = 'Text', content = { text } } = message
  const { replyToUmid } = message
  return {
    ...(version === 3 && { version }),
    namespace: 'ChatApps',
    eventType: 'inbound_message_received',
    description: 'ChatApps inbound message',
    payload: {
      umid,
      subAccountId,
      timestamp: new Date(at).toISOString(),
      user: userOf(message, version),
      recipient: { channel: SPELLING[channel] ?? channel, channelId: CHANNEL_ID },
      type,
      content,
      ...(replyToUmid !== undefined && { replyToUmid }),
    },
  }
}

/**
 * The webhook of a receipt (8x8 doc: umid, channel and status). That the user and channel are written
 * as in an inbound webhook, and which versions there are, is our guess.
 */
export function receiptOf({ umid, key, state, at }: Receipt, version: 2 | 3 = 3): ReceiptWebhook {
  const timestamp = new Date(at).toISOString()
  const channel = key.channel.toLowerCase()
  return {
    ...(version === 3 && { version }),
    namespace: 'ChatApps',
    eventType: 'outbound_message_status_changed',
    description: 'ChatApps outbound message status changed',
    payload: {
      umid,
      subAccountId: key.subAccountId,
      timestamp,
      user: userOf({ ...key, channel }, version),
      channel: SPELLING[channel] ?? channel,
      status: { state, timestamp },
    },
  }
}

/** Who a webhook is about. @param customer with the channel in lower case */
function userOf(
  customer: CustomerIds & { channel: string; name?: string; username?: string },
  version: 2 | 3,
): WebhookUser {
  const { channel, msisdn, channelUserId, name, username } = customer
  const id = msisdn !== undefined && { msisdn }
  const profile = { ...(name && { name }), ...(username && { username }) }
  if (version === 2) return { ...id, channelUserId: msisdn ?? channelUserId, ...profile }
  if (channel === 'line') return { channelUserId: channelUserId ?? msisdn }
  if (channel === 'rcs' || channel === 'viber') return { ...id }
  return { ...id, ...(channelUserId !== undefined && { channelUserId }), ...profile }
}
