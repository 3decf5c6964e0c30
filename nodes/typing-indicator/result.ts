/** `msg.typing` of a success. */
export interface Typing {
  /** `active`: the dots are kept up; `skipped`: an unsupported channel, passed on. */
  state: 'sent' | 'active' | 'stopped' | 'skipped'
  /** The umid was repeated, and nothing changed. */
  duplicate?: true
  umid?: string
  channel?: string
  subAccountId?: string
  /** With `stopped`: the number of indicators that 8x8 accepted. */
  indicators?: number
  /** Requests sent for the message; with `stopped`, for all its indicators. */
  attempts: number
  statusCode?: number
  /** When the accepted request went out, ISO 8601. */
  sentAt?: string
  /** ms since the message arrived; with `stopped`, for which the customer saw the dots. */
  durationMs: number
}
