/** What receipts say of a message of the business, in this order. */
export const RECEIPT_STATES = ['sent', 'delivered', 'read'] as const

/** One of {@link RECEIPT_STATES}. */
export type ReceiptState = (typeof RECEIPT_STATES)[number]

/** A message on the phone. Times in epoch ms. On its own, because the page's types need it too. */
export interface ConversationMessage {
  umid: string
  from: 'customer' | 'business'
  /** The text, or the title of what was pressed; of a message without one, its content as JSON. */
  text: string
  at: number
  /** When the business read it; only on messages of the customer, only on WhatsApp. */
  readAt?: number
  /** How far a message of the business has come, as the receipts say. */
  status?: 'queued' | ReceiptState
  /** 8x8's `type` of a message that is not plain text. */
  type?: string
  /** With `type`: 8x8's `content`. */
  content?: unknown
  /** The umid of the message that this one quotes or answers. */
  quotes?: string
}
