import type { Channel } from '../lib/api'

/** The properties of an `8x8-sandbox`, as the editor stores them. Texts may be `${NAME}`. */
export interface SandboxNodeOptions {
  name: string
  channel: Channel
  subAccountId: string
  /** Of the customer who holds the phone; blank: none. */
  customerName: string
  /** The customer's number, E.164; blank: a sample of this node's own. */
  msisdn: string
  /** Where a customer's message goes: this node's output, or a webhook as 8x8 posts it. */
  deliverTo: 'output' | 'webhook'
  /** With `webhook`: `http:` or `https:`. */
  webhookUrl: string
}

/** Defaults of a new node, and of properties that are not stored. */
export const SANDBOX_DEFAULTS = {
  name: '',
  channel: 'whatsapp',
  subAccountId: 'sandbox_sub',
  customerName: 'Ana',
  msisdn: '',
  deliverTo: 'output',
  webhookUrl: '',
} as const satisfies SandboxNodeOptions

/** Characters of a customer's name; our choice. */
export const CUSTOMER_NAME_LENGTH = 100
