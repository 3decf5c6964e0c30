/**
 * What the server tells the page of a phone, and what the page may send. Plain data, so that the
 * page can bundle it.
 */
import type { Channel } from '../../lib/api'
import type { ConversationMessage } from '../../lib/sandbox/message'

/** Errors that the phone can simulate; `none`: none. */
export const FAULTS = [
  'none',
  'unauthorized',
  'rate-limited',
  'error',
  'slow',
  'down',
  'expired',
] as const

/** One of {@link FAULTS}. */
export type FaultName = (typeof FAULTS)[number]

/** Characters (UTF-16 units) of a message typed on the page, trimmed; our choice. */
export const MAX_TEXT = 1000

/** An API request that concerns the phone. */
export interface PhoneRequest {
  /** When it came, epoch ms. */
  at: number
  method: string
  /** As sent, without query. */
  path: string
  /** Absent when it was cut. */
  status?: number
  /** ms until it was answered or cut. */
  durationMs?: number
  /** The JSON value, or the text where it is not JSON or was shortened. */
  body?: unknown
  /** It ended without an answer. */
  cut?: true
}

/** How the webhook of the customer's last message fares. */
export interface PhoneDelivery {
  umid: string
  /** So far. */
  attempts: number
  delivered: boolean
  /** Of the last attempt; absent when it got no answer. */
  statusCode?: number
  /** The delivery has not ended. */
  pending: boolean
}

/** Everything that the page shows. */
export interface PhoneState {
  channel: Channel
  subAccountId: string
  customerName: string
  msisdn: string
  /** The clock of the sandbox when this was made, epoch ms. */
  now: number
  /** Oldest first, at most 100. */
  messages: ConversationMessage[]
  /** Epoch ms until which the dots are shown; absent without dots. */
  typingUntil?: number
  /** Oldest first, at most 50. */
  requests: PhoneRequest[]
  /** The error that is simulated. */
  fault: FaultName
  /** Only where webhooks are posted, from the first message on. */
  delivery?: PhoneDelivery
}
