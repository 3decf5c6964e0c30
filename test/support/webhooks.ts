import { UMID } from './events'

/** What a test changes of a webhook; null leaves a field out. */
export interface Changes {
  version?: number | null
  eventType?: string
  payload?: Record<string, unknown>
  /** Fields of the payload that are not there at all. */
  without?: string[]
}

/** An inbound webhook as 8x8 documents it (version 3). */
export function inboundWebhook({ version = 3, eventType, payload, without }: Changes = {}) {
  const webhook = {
    ...(version && { version }),
    namespace: 'ChatApps',
    eventType: eventType ?? 'inbound_message_received',
    description: 'ChatApps inbound message',
    payload: {
      umid: UMID,
      subAccountId: 'webhook_sub',
      timestamp: new Date().toISOString(),
      user: { msisdn: '+6500000000', channelUserId: 'US.13491208655302741918', name: 'A name' },
      recipient: { channel: 'whatsapp', channelId: '6500000001' },
      type: 'Text',
      content: { text: 'Hello' },
      ...payload,
    },
  }
  for (const field of without ?? []) Reflect.deleteProperty(webhook.payload, field)
  return webhook
}
