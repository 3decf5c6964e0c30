import * as http from 'node:http'
import * as https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AnyChannel, CustomerMessage } from './conversations'

/** ms before each repeat of a webhook that failed: after 1, 10, 30 and 90 s (8x8 doc). */
export const RETRY_DELAYS: readonly number[] = [1000, 10_000, 30_000, 90_000]

/** ms that a webhook may take to answer. Our guess: 8x8 documents that there is a time-out only. */
const TIMEOUT = 10_000

/** The brand's own id on every channel: the one in 8x8's example. */
const CHANNEL_ID = '6500000001'

/** Channels that webhooks do not write in lower case (8x8 doc). */
const SPELLING: Partial<Record<AnyChannel, string>> = {
  rcs: 'RCS',
  zalonotification: 'ZaloNotification',
  linenotification: 'LineNotification',
}

/** The body of an inbound webhook of 8x8, version 3 or (without `version`) version 2. */
export interface InboundWebhook {
  version?: 3
  namespace: 'ChatApps'
  eventType: 'inbound_message_received'
  description: string
  payload: {
    umid: string
    subAccountId: string
    /** ISO 8601. */
    timestamp: string
    user: { msisdn?: string; channelUserId?: string; name?: string; username?: string }
    recipient: { channel: string; channelId: string }
    type: 'Text'
    content: { text: string }
  }
}

/** Where a webhook goes. */
export interface DeliveryTarget {
  /** `http:` or `https:`. */
  url: string
  /** The static Authorization header that the customer of 8x8 chose, as it is. */
  authorization?: string
  /** Default 3. */
  version?: 2 | 3
  /** ms for one attempt; default 10,000, our guess. */
  timeout?: number
  /** Ends the delivery at once, as closing the sandbox does. */
  signal?: AbortSignal
  /** Called after each attempt with how it stands. */
  attempted?(delivery: Readonly<Delivery>): void
}

/** How a delivery ended. */
export interface Delivery {
  umid: string
  attempts: number
  /** Of the last attempt; absent when it got no answer. */
  statusCode?: number
  /** The last attempt was answered with 2xx. */
  delivered: boolean
}

/**
 * The webhook body of a message (8x8 doc). In version 3 a field without a value is left out; RCS and
 * Viber users have only a phone number, LINE users only `channelUserId`, for which the sandbox also
 * takes a phone number. In version 2 `channelUserId` repeats the phone number; that unknown fields
 * are left out there too is our guess.
 */
export function webhookOf(message: CustomerMessage, version: 2 | 3 = 3): InboundWebhook {
  const { umid, subAccountId, channel, at, text } = message
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
      type: 'Text',
      content: { text },
    },
  }
}

function userOf(message: CustomerMessage, version: 2 | 3): InboundWebhook['payload']['user'] {
  const { channel, msisdn, channelUserId, name, username } = message
  const id = msisdn !== undefined && { msisdn }
  const profile = { ...(name && { name }), ...(username && { username }) }
  if (version === 2) return { ...id, channelUserId: msisdn ?? channelUserId, ...profile }
  if (channel === 'line') return { channelUserId: channelUserId ?? msisdn }
  if (channel === 'rcs' || channel === 'viber') return { ...id }
  return { ...id, ...(channelUserId !== undefined && { channelUserId }), ...profile }
}

/**
 * Posts a webhook until it is taken. Repeated after a connection error, a time-out, 4xx and 5xx
 * (8x8 doc). A 3xx is neither followed nor repeated: our guess.
 * @param retryDelays ms before each repeat
 * @param signal ends it at once
 * @throws TypeError for a URL or header that cannot be used
 */
export async function deliver(
  webhook: InboundWebhook,
  to: DeliveryTarget,
  retryDelays: readonly number[],
  signal: AbortSignal,
): Promise<Delivery> {
  const { umid } = webhook.payload
  const delivery: Delivery = { umid, attempts: 0, delivered: false }
  for (const delay of [0, ...retryDelays]) {
    // Rejects for one reason only: the signal.
    const waited = await sleep(delay, true, { signal }).catch(() => false)
    if (!waited) return delivery
    delivery.attempts++
    const statusCode = await post(to, JSON.stringify(webhook), signal)
    delete delivery.statusCode
    if (statusCode !== undefined) delivery.statusCode = statusCode
    delivery.delivered = statusCode !== undefined && statusCode >= 200 && statusCode < 300
    to.attempted?.({ ...delivery })
    if (statusCode !== undefined && statusCode < 400) return delivery
  }
  return delivery
}

/** One attempt. @returns the status, or undefined without an answer */
function post(
  { url, authorization, timeout = TIMEOUT }: DeliveryTarget,
  body: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { request } = url.startsWith('https:') ? https : http
  // The types of Node.js 20 do not know the last one.
  const options: https.RequestOptions & { autoSelectFamilyAttemptTimeout: number } = {
    method: 'POST',
    // A connection for each attempt: none stays behind, and none can be stale.
    agent: false,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(authorization !== undefined && { authorization }),
    },
    signal,
    // Said outright, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the check off.
    rejectUnauthorized: true,
    // Half of the time for each of two addresses, as for an account (docs/adr/0003).
    autoSelectFamilyAttemptTimeout: Math.ceil(timeout / 2),
  }
  return new Promise((resolve) => {
    const posting = request(url, options)
    const timer = setTimeout(() => posting.destroy(new Error('time-out')), timeout)
    posting
      .on('response', (response) => resolve(response.resume().statusCode))
      .on('error', () => resolve(undefined))
      .on('close', () => {
        clearTimeout(timer)
        resolve(undefined) // an answer that switches protocols (101) is neither of these
      })
      .end(body)
  })
}
