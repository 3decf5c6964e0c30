/** A message on the phone. Times in epoch ms. On its own, because the page's types need it too. */
export interface ConversationMessage {
  umid: string
  from: 'customer' | 'brand'
  text: string
  at: number
  /** When the brand read it; only on messages of the customer, only on WhatsApp. */
  readAt?: number
}
