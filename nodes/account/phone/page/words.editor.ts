/** Texts that several parts of the page show. */
import type { PhoneCustomer, PhoneDelivery, PhoneMessage } from '../state'
import { readMessage } from './read-content.editor'

/** Characters (UTF-16 units) of an excerpt; our choice. */
const MAX_EXCERPT = 60

const CHANNELS = { whatsapp: 'WhatsApp', rcs: 'RCS' }

/** The name of a customer's channel. */
export function channelOf({ channel }: PhoneCustomer): string {
  return CHANNELS[channel]
}

/** How the business can reach a customer. */
export function addressOf({ msisdn, username }: PhoneCustomer): string {
  return msisdn ?? [username && `@${username}`, 'no phone number'].filter(Boolean).join(', ')
}

/** What became of an event. */
export function deliveryText({ outcome, inbound, statusCode }: PhoneDelivery): string {
  const node = inbound ? `The inbound node “${inbound}”` : 'The inbound node'
  switch (outcome) {
    case 'accepted':
      return `${node} took it.`
    case 'repeat':
      return `${node} has had it before, and ignored it.`
    case 'ignored':
      return `${node} takes other sub-accounts, and ignored it.`
    case 'refused':
      return `${node} refused it${statusCode === undefined ? '' : ` with ${statusCode}`}.`
    case 'no-inbound':
      return 'No inbound node uses this account.'
  }
}

/** Whether the flow has not got an event that the customer expects it to have. */
export function isUndelivered(delivery: PhoneDelivery | undefined): delivery is PhoneDelivery {
  return ['ignored', 'refused', 'no-inbound'].includes(delivery?.outcome ?? '')
}

/** How far a message of the business has come. */
export function statusText(status: PhoneMessage['status']): string {
  return status === undefined || status === 'queued'
    ? 'Queued: no receipt yet.'
    : `Last receipt: ${status}.`
}

/** Who says something. */
export function speakerOf({ from }: PhoneMessage): string {
  return from === 'customer' ? 'Customer' : 'Business'
}

/** The beginning of what a message says, on one line. */
export function excerptOf(message: PhoneMessage): string {
  const parts = readMessage(message)
  const text = parts.find((part) => part.kind === 'text')?.text
  const media = parts.find((part) => part.kind === 'media')?.name
  const line = (text ?? media ?? `${message.type}`).replace(/\s+/g, ' ').trim()
  return line.length > MAX_EXCERPT ? `${line.slice(0, MAX_EXCERPT)}…` : line
}
