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

/** An `8x8-account` as other nodes see it: a connection, or the reason that there is none. */
export interface AccountNode extends Node<AccountCredentials> {
  connection: Connection | MessagingError
  /** The `Authorization` header that 8x8's webhooks must have, or why it cannot be used. */
  webhookAuthorization: string | undefined | MessagingError
  /** Undefined: unknown. */
  region: Region | undefined
}

/** As stored, with environment references resolved. */
export interface AccountCredentials {
  apiKey: string
  webhookAuthorization?: string
}
