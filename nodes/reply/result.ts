/** What a success adds to a message, as `msg.reply`. */
export interface ReplyOutput {
  /** That of the message that 8x8 took, of several the first; left out where 8x8 named none. */
  umid?: string
  /** Of each message, where a long text took several. */
  umids?: string[]
  /** What 8x8 says of the message, e.g. `queued`. */
  state?: string
  subAccountId: string
  attempts: number
  statusCode: number
  /** When the accepted request went out, ISO 8601. */
  sentAt: string
  /** ms since the message came in. */
  durationMs: number
  /** What the customer saw before the reply. */
  typing: { indicators: number; durationMs: number }
}
