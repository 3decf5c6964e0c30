import type { Channel } from '../api'
import type { CustomerIds } from './conversations'

/**
 * 8x8's example umid. Our choice, so that a flow can be tried with one inject node: the sandbox
 * takes it for a message just received, on either channel and any sub-account. It belongs to the first
 * of {@link CUSTOMERS} on that channel, or to the customer who sent a message with this umid there.
 */
export const SAMPLE_UMID = 'cf3cbbf5-3e2d-ea11-815d-020897df5459'

/** The customer where none is named: the phone number in 8x8's example of a webhook. */
export const SAMPLE_MSISDN = '+6500000000'

/** A customer of the sandbox; what is known of one by webhooks, and what the phone calls them. */
export interface SandboxCustomer extends CustomerIds {
  id: string
  label: string
  channel: Channel
  /** In the profile; RCS has none. */
  name?: string
  username?: string
}

/**
 * Whom the phone can be, our choice: one on WhatsApp, one on RCS, and one who hides the phone number.
 * Singapore has no subscribers at +650, and the user id is 8x8's example.
 */
export const CUSTOMERS: readonly SandboxCustomer[] = [
  { id: 'ana', label: 'Ana', channel: 'whatsapp', msisdn: SAMPLE_MSISDN, name: 'Ana' },
  { id: 'ben', label: 'Ben', channel: 'rcs', msisdn: '+6500000001' },
  {
    id: 'chi',
    label: 'Chi',
    channel: 'whatsapp',
    channelUserId: 'US.13491208655302741918',
    username: 'chi',
  },
]
