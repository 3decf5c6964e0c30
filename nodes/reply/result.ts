/** `msg.reply` of a success. */
export interface ReplyOutput {
  /** Of the message that 8x8 accepted, or of the first of several; left out if 8x8 named none. */
  umid?: string
  /** Of each message, if a long text took several. */
  umids?: string[]
  /** What 8x8 says of the message, e.g. `queued`. */
  state?: string
  subAccountId: string
  attempts: number
  statusCode: number
  /** When the accepted request went out, ISO 8601. */
  sentAt: string
  /** ms since the message arrived. */
  durationMs: number
  /** What the customer saw before the reply. */
  typing: { indicators: number; durationMs: number }
}
