/** A message on the phone. Times in epoch ms. On its own, because the page's types need it too. */
export interface ConversationMessage {
  umid: string
  from: 'customer' | 'brand'
  /** The text; of a message of the brand without one, its content as JSON. */
  text: string
  at: number
  /** When the brand read it; only on messages of the customer, only on WhatsApp. */
  readAt?: number
  /** 8x8's `type` of a message of the brand that is not plain text. */
  type?: string
  /** With `type`: 8x8's `content`. */
  content?: unknown
  /** The umid of the message that this one quotes. */
  quotes?: string
}
