import type { TypingEvent } from '../client/client'
import type { ApiRequest, RequestResult } from '../client/request'
import type { MessagingError } from '../errors'
import type { Conversation, Indexed } from './session-index'

/** One indicator. */
export interface SendRequest extends TypingEvent, Pick<Conversation, 'conversation'> {}

/** Who to type to, and for how long. All times in ms. */
export interface StartRequest extends SendRequest {
  /** When the inbound message was received, epoch ms; undefined: unknown. */
  receivedAt?: number | undefined
  /** How long from now 8x8 takes indicators for the message. */
  expiresIn: number
  initialDelay: number
  /** From the acceptance of an indicator to the next one. */
  renewEvery: number
  /** From the acceptance of the first indicator on. */
  maxDuration: number
}

/** A node that starts sessions. */
export interface Owner {
  /** Stays the same when the node is deployed again. */
  readonly id: string
  /** Called with the number of customers who see its indicators, whenever it changes. */
  onActiveChanged(sessions: number): void
}

/** How a start went. */
export interface StartResult {
  /** `stopped`: a stop, or a newer message of the conversation, came first. */
  state: 'active' | 'stopped'
  /** The umid is a repeated one, or was stopped or answered before it was started. */
  duplicate?: true
  /** The first indicator. */
  sent?: RequestResult
}

/** The message that a reply answers, and who gets it. */
export interface ReplyTarget {
  subAccountId: string
  /** The message that is answered; undefined: unknown. */
  umid?: string | undefined
  /** As the typing indicator names it; undefined: unknown. */
  conversation?: string | undefined
}

/** What a customer has seen of us. */
export interface TypingSummary {
  /** Indicators that 8x8 accepted. */
  indicators: number
  /** ms since the first of them. */
  durationMs: number
}

/** What a stop ended: of several sessions, the event is that of the newest one. */
export interface StopResult extends TypingEvent {
  /** Indicators that 8x8 accepted, in total. */
  indicators: number
  /** Requests sent, in total. */
  attempts: number
  /** ms from the acceptance of the first indicator to the stop, of the longest one. */
  typedFor: number
}

/** A message that is typed for. */
export interface Session extends Indexed {
  readonly request: StartRequest
  readonly owner: Owner
  readonly onEnd: (error: MessagingError) => void
  /** Settles the pending start; undefined after that. */
  settle: { resolve(started: StartResult): void; reject(error: MessagingError): void } | undefined
  apiRequest: ApiRequest | undefined
  /** For the next indicator, or for the end. */
  timer: NodeJS.Timeout | undefined
  /** In the order of their starts. */
  readonly number: number
  /** It is about to end by itself, when its requests have settled. */
  ending: boolean
  ended: boolean
  /** Whether the next indicator is due as soon as the one on the wire is accepted. */
  refresh: boolean
  indicators: number
  attempts: number
  failures: number
  /** When 8x8 accepted the first indicator, and until when it accepts more; performance.now(). */
  firstAt: number
  expiresAt: number
}

/** When a session ends by itself, in performance.now(). */
export function endOf({ indicators, firstAt, expiresAt, request }: Session): number {
  return indicators ? Math.min(firstAt + request.maxDuration, expiresAt) : expiresAt
}

/** Whether one message is known to have been received after another. */
export function isNewer(one: StartRequest, other: StartRequest): boolean {
  return (one.receivedAt ?? Number.NaN) > (other.receivedAt ?? Number.NaN)
}
