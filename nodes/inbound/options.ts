import type { NodeDef } from 'node-red'

/** Who may post to the endpoint: 8x8 with the account's `Authorization`, or anyone. */
export const AUTHENTICATIONS = ['header', 'none'] as const

/** The properties of an `8x8-inbound`, as the editor stores them. Texts may be `${NAME}`. */
export interface InboundOptions {
  name: string
  /** Id of an `8x8-account` node. */
  account: string
  /** Path of the endpoint below the HTTP node root. */
  path: string
  authentication: (typeof AUTHENTICATIONS)[number]
  /** Ids of the sub-accounts to take, separated by commas; blank: all. */
  subAccounts: string
  /** s of silence after which the messages of one customer come out as one; 0: each at once. */
  collect: number | string
}

/** An inbound node as a flow stores it. */
export type InboundDef = NodeDef & Partial<InboundOptions>

/** Defaults of a new node, and of properties that are not stored. */
export const INBOUND_DEFAULTS = {
  name: '',
  account: '',
  path: '/8x8/inbound',
  authentication: 'header',
  subAccounts: '',
  collect: 0,
} as const satisfies InboundOptions
