import { UMID } from './events'

/** What a test changes of a webhook; null leaves a field out. */
export interface Changes {
  version?: number | null
  eventType?: string
  payload?: Record<string, unknown>
}

/** An inbound webhook as 8x8 documents it (version 3). */
export function inboundWebhook({ version = 3, eventType, payload }: Changes = {}) {
  return {
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
}
