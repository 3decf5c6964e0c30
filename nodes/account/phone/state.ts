/**
 * What the server tells the phone page, and what the page may send. Plain data, so that the page can
 * bundle it.
 */
import type { Channel } from '../../lib/api'
import type { EventOutcome } from '../../lib/event-outcome'
import type { Choice } from '../../lib/sandbox/choice'
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

/** A customer to write as. */
export interface PhoneCustomer {
  /** Names the customer in requests of the page. */
  id: string
  /** What the page calls the customer. */
  label: string
  channel: Channel
  /** Absent for a customer who hides it. */
  msisdn?: string
  username?: string
  /** The dots are shown on this customer's phone. */
  typing: boolean
  /** Time of the last message of the business, epoch ms; absent without one. */
  repliedAt?: number
}

/** What became of an event that the phone had for an inbound node. */
export interface PhoneDelivery extends Omit<EventOutcome, 'outcome'> {
  /** When, epoch ms. */
  at: number
  /** The node's name, or its path. */
  inbound?: string
  /** `no-inbound`: no inbound node uses the account. */
  outcome: EventOutcome['outcome'] | 'no-inbound'
}

/** A message of the chat. */
export interface PhoneMessage extends ConversationMessage {
  /**
   * The last delivery of its event: of the customer's message itself, of the newest receipt of a
   * message of the business.
   */
  delivery?: PhoneDelivery
}

/** An API request that concerns the customer, or nobody whom the sandbox knows. */
export interface PhoneRequest {
  /** Counts up; a request keeps it. */
  id: number
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
  /** The JSON value of the answer; absent where that has no body. */
  response?: unknown
  /** It ended without an answer. */
  cut?: true
  /** The message of the chat that it belongs to: the one typed for, or the one that it sent. */
  umid?: string
}

/** An inbound node that the phone can write to. */
export interface PhoneInbound {
  id: string
  /** Its name, or its path. */
  label: string
  /** The sub-account that the customer writes to. */
  subAccountId: string
}

/** A choice that the customer makes in a message of the business. */
export interface PhoneChoice extends Choice {
  /** Of the message with the button, row or suggestion. */
  umid: string
}

/** Everything that the page shows of one customer; the event `state` of `events?customer=<id>`. */
export interface PhoneState {
  /** The clock of the sandbox when this was made, epoch ms. */
  now: number
  /** The account's name; blank: none. */
  account: string
  subAccountId: string
  customers: PhoneCustomer[]
  /** The one whose chat this is. */
  customer: string
  /** Oldest first, at most 100. */
  messages: PhoneMessage[]
  /** Epoch ms until which the dots are shown; absent without dots. */
  typingUntil?: number
  /** Oldest first, at most 50. */
  requests: PhoneRequest[]
  /** The error that is simulated for this customer. */
  fault: FaultName
  inbounds: PhoneInbound[]
  /** The id of the one that is written to; absent where there is none. */
  inbound?: string
}
