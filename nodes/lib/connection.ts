import type { Node } from 'node-red'
import type { Region } from './api'
import type { Client } from './client/client'
import type { MessagingError } from './errors'
import type { EventOutcome } from './event-outcome'
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

/** What the phone needs to write to an inbound node. */
export interface InboundEndpoint {
  /** The node's name, or its path. */
  label: string
  /**
   * Takes an event as if 8x8 had posted it with the right Authorization. The flow gets it later.
   * @param body JSON
   */
  receive(body: string): EventOutcome
}

/** A node that uses an account. */
export interface AccountUser {
  id: string
  /** Of an inbound node. */
  inbound?: InboundEndpoint
}

/** An `8x8-account` as other nodes see it: a connection, or the reason that there is none. */
export interface AccountNode extends Node<AccountCredentials> {
  connection: Connection | MessagingError
  /** The `Authorization` header that 8x8's webhooks must have, or why it cannot be used. */
  webhookAuthorization: string | undefined | MessagingError
  /** Undefined: unknown. */
  region: Region | undefined
  /**
   * Only with region `sandbox`: makes a node known to the phone, whose page is there while one is.
   * @returns takes it back
   */
  register?(user: AccountUser): () => void
}

/** As stored, with environment references resolved. */
export interface AccountCredentials {
  apiKey: string
  webhookAuthorization?: string
}
