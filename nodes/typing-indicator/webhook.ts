import { z } from 'zod'

/** What a typing indicator needs to know of an inbound message; unchecked, as 8x8 wrote it. */
export interface InboundMessage {
  umid?: unknown
  channel?: unknown
  subAccountId?: unknown
  /** When 8x8 received the message. */
  timestamp?: unknown
  user?: { msisdn?: unknown; channelUserId?: unknown } | undefined
}

/** The part of 8x8's webhooks, version 2 and 3, that matters here; all else is let through. */
const webhook = z.object({
  eventType: z.string(),
  payload: z.object({
    umid: z.unknown().optional(),
    subAccountId: z.unknown().optional(),
    timestamp: z.unknown().optional(),
    recipient: z.object({ channel: z.unknown().optional() }).optional().catch(undefined),
    user: z
      .object({ msisdn: z.unknown(), channelUserId: z.unknown() })
      .partial()
      .optional()
      .catch(undefined),
  }),
})

/**
 * Reads `msg.payload` as an 8x8 webhook.
 * @returns the event's type and message, or undefined for anything else
 */
export function readWebhook(
  payload: unknown,
): { inbound: boolean; message: InboundMessage } | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined // spares zod its error
  const { data } = webhook.safeParse(payload)
  if (!data) return undefined
  const { recipient, ...message } = data.payload
  return {
    inbound: data.eventType === 'inbound_message_received',
    message: { ...message, channel: recipient?.channel },
  }
}
