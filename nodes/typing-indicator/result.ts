/** What a success adds to a message, as `msg.typing`. */
export interface Typing {
  /** `active`: kept up from now on; `skipped`: an unsupported channel, passed on. */
  state: 'sent' | 'active' | 'stopped' | 'skipped'
  /** The umid is a repeated one, and changed nothing. */
  duplicate?: true
  umid?: string
  channel?: string
  subAccountId?: string
  /** Indicators that 8x8 accepted, when it is stopped. */
  indicators?: number
  /** Requests sent for the message; when it is stopped: for all its indicators. */
  attempts: number
  statusCode?: number
  /** When the accepted request went out, ISO 8601. */
  sentAt?: string
  /** ms since the message came in; when it is stopped: that the customer saw us type. */
  durationMs: number
}
