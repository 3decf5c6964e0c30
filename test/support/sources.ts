import type { Sources } from '../../nodes/lib/message/diagnose'

/** Where a node with its defaults reads; there is no key to take out. */
export const SOURCES: Sources = {
  places: {
    action: 'msg.action',
    umid: 'msg.umid',
    channel: 'msg.channel',
    subAccountId: 'the property Sub-account',
    receivedAt: 'msg.receivedAt',
    conversation: 'the property Conversation',
  },
  redact: (text) => text,
}
