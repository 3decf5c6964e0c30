import type { Sources } from '../../nodes/lib/message/diagnose'
import type { FIELDS } from '../../nodes/typing-indicator/request'

/** Where a typing indicator with its defaults reads; there is no key to take out. */
export const SOURCES: Sources<(typeof FIELDS)[number]> = {
  places: {
    umid: 'msg.umid',
    channel: 'msg.channel',
    subAccountId: 'the property Sub-account',
    receivedAt: 'msg.receivedAt',
    conversation: 'the property Conversation',
  },
  redact: (text) => text,
}
