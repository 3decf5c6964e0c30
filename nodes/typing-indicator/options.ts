import type { NodeDef } from 'node-red'
import type { Action } from '../lib/typing/actions'

/** What a message of a channel without typing indicators does. */
export const UNSUPPORTED = ['error', 'pass'] as const

/** The properties of an `8x8-typing-indicator`, as the editor stores them. */
export interface TypingIndicatorOptions {
  name: string
  /** Id of an `8x8-account` node. */
  account: string
  /** `msg`: what `msg.action` says. */
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
  /** What a channel without typing indicators does: output 2, or output 1 with nothing sent. */
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

/** What a new node starts with, and what a property that is not stored counts as. */
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
