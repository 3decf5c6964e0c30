import type { Node } from 'node-red'
import type { Region } from './api'
import type { Client } from './client/client'
import type { MessagingError } from './errors'
import type { Replies } from './replies/replies'
import type { Sessions } from './typing/sessions'

/** What an account offers to the nodes that use it. */
export interface Connection {
  client: Client
  sessions: Sessions
  replies: Replies
  /** The sub-account of messages that name none. */
  subAccountId: string
}

/** An `8x8-account` as other nodes see it: a connection, or the reason why there is none. */
export interface AccountNode extends Node<{ apiKey: string; webhookAuthorization?: string }> {
  connection: Connection | MessagingError
  /** What the `Authorization` header of webhooks must be, cleaned and resolved; undefined: not set. */
  webhookAuthorization: string | undefined
  /** With `sandbox`, webhooks come from the account's phone. */
  region: Region
}
