import type { RequestResult } from '../client/request'
import type { ReplyTarget } from '../typing/session'

/** Who gets a reply; the ids also tell which replies go to the same customer. */
export interface Recipient {
  /** E.164, with or without the plus. */
  msisdn?: string | undefined
  channelUserId?: string | undefined
  lineUserId?: string | undefined
}

/** A reply to send. */
export interface ReplyRequest extends ReplyTarget {
  recipient: Recipient
  /** JSON bodies, posted one after the other: a long text takes several messages. */
  bodies: string[]
  /** `stop`: the dots end before the reply. `keep`: they come back right after it. */
  typing: 'stop' | 'keep'
}

/** A reply that 8x8 accepted. Times and status are of the last body, attempts of all. */
export interface ReplyResult extends Omit<RequestResult, 'response'> {
  /** Umids of the bodies, in order, as far as 8x8 named them. */
  umids: string[]
  /** What 8x8 says of the last body, e.g. `queued`. */
  state?: string | undefined
  /** The stopped typing or, with `keep`, the typing so far; zeros if nobody was typing. */
  typing: { indicators: number; durationMs: number }
}

/** A place in the order of arrival. Call exactly one of `send` and `release`. */
export interface Reservation {
  /**
   * Stops the dots, then posts the bodies.
   * @throws {MessagingError} with `maybeSent` where 8x8 may have taken a body, and `umids` where it
   *   took some of several
   */
  send(request: ReplyRequest): Promise<ReplyResult>
  /**
   * Gives the place up: the message failed before it could be sent.
   * @param stopTyping the dots to end: those of a final reply
   */
  release(stopTyping?: ReplyTarget): void
  /**
   * Ends it because its node closes: what is queued rejects as `closed`, what was written as
   * `closed` with `maybeSent`. Before `send` it is a release, and a `send` after it rejects as
   * `closed`. After the end it changes nothing.
   */
  cancel(): void
}
