import type { NodeDef } from 'node-red'

/** What a reply does with the typing indicator: ends it, or lets it come back. */
export const TYPING = ['stop', 'keep'] as const

/** The properties of an `8x8-reply`, as the editor stores them. */
export interface ReplyOptions {
  name: string
  /** Id of an `8x8-account` node. */
  account: string
  /** Text, or the body of an 8x8 message. */
  content: string
  contentType: string
  /** Who gets the reply: `{ msisdn }`, `{ channelUserId }`, `{ lineUserId }` or a phone number. */
  to: string
  toType: string
  /** Blank: the sub-account's own order of channels. */
  channel: string
  channelType: string
  /** Blank: that of the message or of the account. */
  subAccountId: string
  subAccountIdType: string
  /** The message that is answered. */
  umid: string
  umidType: string
  /** Whether to quote the message that is answered (WhatsApp). */
  quote: boolean
  typing: (typeof TYPING)[number]
}

/** A reply node as a flow stores it. */
export type ReplyDef = NodeDef & Partial<ReplyOptions>

/** Defaults of a new node, and of properties that are not stored. */
export const REPLY_DEFAULTS = {
  name: '',
  account: '',
  content: 'payload',
  contentType: 'msg',
  to: 'user',
  toType: 'msg',
  channel: 'channel',
  channelType: 'msg',
  subAccountId: '',
  subAccountIdType: 'str',
  umid: 'umid',
  umidType: 'msg',
  quote: false,
  typing: 'stop',
} as const satisfies ReplyOptions
