import { emptyToUndefined, parse } from './fields'
import { property, unreadable } from './thrown'
import { isObject, readWebhook, type Webhook, type WebhookMessage } from './webhook'

/** A webhook, and where in the message it was found. */
export interface FoundWebhook extends Webhook {
  place: 'msg.webhook' | 'msg.payload'
}

/** The ids of a customer; unchecked, as 8x8 or a flow wrote them. */
export type UserIds = NonNullable<WebhookMessage['user']>

/**
 * The webhook that a message is about: that of an inbound node in `msg.webhook`, or else one in
 * `msg.payload`.
 * @param asText whether JSON as a text or a Buffer counts
 * @throws {MessagingError} `invalid-input` for a property that throws
 */
export function findWebhook(msg: object, asText: boolean): FoundWebhook | undefined {
  for (const name of ['webhook', 'payload'] as const) {
    const webhook = webhookIn(msg, name, asText)
    if (webhook) return webhook
  }
  return undefined
}

/** The webhook in one property of a message. @throws {MessagingError} `invalid-input` */
export function webhookIn(
  msg: object,
  name: 'webhook' | 'payload',
  asText: boolean,
): FoundWebhook | undefined {
  const place = `msg.${name}` as const
  const webhook = readWebhook(property(msg, name), asText, place)
  return webhook && { ...webhook, place }
}

/**
 * What `msg.user` says of the customer, e.g. that of an inbound node; other nodes use it, too.
 * @throws {MessagingError} `invalid-input` for one that throws
 */
export function userOf(msg: object): UserIds | undefined {
  const user = property(msg, 'user')
  try {
    return isObject(user)
      ? { msisdn: user.msisdn, channelUserId: user.channelUserId, lineUserId: user.lineUserId }
      : undefined
  } catch (thrown) {
    throw unreadable('msg.user', thrown)
  }
}

/** The conversation of a customer: the number, or else the id; undefined: unknown. */
export function conversationOf(user: UserIds | undefined): string | undefined {
  return parse('conversation', user?.msisdn) ?? parse('conversation', user?.channelUserId)
}

/** The first value that is not empty. */
export function firstNonEmpty(...values: unknown[]): unknown {
  for (const value of values) {
    const known = emptyToUndefined(value)
    if (known !== undefined) return known
  }
  return undefined
}
