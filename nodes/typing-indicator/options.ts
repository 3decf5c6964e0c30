import type { NodeDef } from 'node-red'
import type { Action } from '../lib/typing/actions'

/** What to do with a message of a channel without typing indicators. */
export const UNSUPPORTED = ['error', 'pass'] as const

/** The properties of an `8x8-typing-indicator`, as the editor stores them. */
export interface TypingIndicatorOptions {
  name: string
  /** Id of an `8x8-account` node. */
  account: string
  /** `msg`: the action in `msg.action`. */
  action: Action | 'msg'
  umid: string
  umidType: string
  channel: string
  channelType: string
  /** Blank: that of the webhook or of the account. */
  subAccountId: string
  subAccountIdType: string
  /** When the inbound message arrived; blank: unknown. */
  receivedAt: string
  receivedAtType: string
  /** Who we are typing to; blank: that of the webhook. */
  conversation: string
  conversationType: string
  /** For a channel without typing indicators: output 2, or output 1 with nothing sent. */
  unsupported: (typeof UNSUPPORTED)[number]
  /** s before the first indicator (`start`). */
  initialDelay: number | string
  /** s between indicators (`start`); blank: by channel. */
  renewEvery: number | string
  /** s after which typing ends unanswered (`start`). */
  maxDuration: number | string
}

/** A typing indicator as a flow stores it. */
export type TypingIndicatorDef = NodeDef & Partial<TypingIndicatorOptions>

/** Defaults of a new node, and of properties that are not stored. */
export const TYPING_INDICATOR_DEFAULTS = {
  name: '',
  account: '',
  action: 'send',
  umid: 'umid',
  umidType: 'msg',
  channel: 'channel',
  channelType: 'msg',
  subAccountId: '',
  subAccountIdType: 'str',
  receivedAt: 'receivedAt',
  receivedAtType: 'msg',
  conversation: '',
  conversationType: 'msg',
  unsupported: 'error',
  initialDelay: 0,
  renewEvery: '',
  maxDuration: 300,
} as const satisfies TypingIndicatorOptions
