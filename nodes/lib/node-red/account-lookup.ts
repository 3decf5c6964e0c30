import type { EventEmitter } from 'node:events'
import type { Node, NodeAPI } from 'node-red'
import { cleanApiKey } from '../clean'
import { createRedactor } from '../client/redact'
import type { AccountNode, Connection, InboundEndpoint } from '../connection'
import { closedError, MessagingError } from '../errors'
import { onFlowsStarted } from './flows-started'

/**
 * The account that a node names by its id. Node-RED does not restart a node with its account when the
 * account is set by a subflow, so it is looked up again where that matters.
 */
export class AccountLookup {
  readonly #RED: NodeAPI
  readonly #id: string
  #connection: Connection | undefined

  /** @param id blank: none is set */
  constructor(RED: NodeAPI, id: string) {
    this.#RED = RED
    this.#id = id
  }

  /** The account as it is now; undefined where there is none. */
  find(): AccountNode | undefined {
    const node = this.#RED.nodes.getNode(this.#id) as AccountNode | null
    return node?.type === '8x8-account' ? node : undefined
  }

  /** The account as it is now. @throws {MessagingError} `not-configured` where there is none */
  get(): AccountNode {
    const account = this.find()
    if (account) return account
    throw new MessagingError('not-configured', 'No 8x8 account is set', { field: 'account' })
  }

  /**
   * The account's connection as it is now.
   * @throws {MessagingError} `not-configured`, or `closed` where the account is gone
   */
  connect(): Connection {
    if (this.#connection && !this.#connection.client.closed) return this.#connection
    if (this.#connection && !this.find()) throw closedError()
    const { connection } = this.get()
    if (connection instanceof MessagingError) throw connection.clone()
    this.#connection = connection
    return connection
  }

  /**
   * Registers a node with the account until the node closes, and again with each account that is
   * deployed in the place of that one.
   * @param inbound of an inbound node
   */
  register(node: Node, inbound?: InboundEndpoint): void {
    let account: AccountNode | undefined
    let unregister: (() => void) | undefined
    // Only when all flows run is the account there, whichever of the two was started first.
    const stop = onFlowsStarted(this.#RED.events as EventEmitter, () => {
      const found = this.find()
      if (found === account) return
      unregister?.()
      account = found
      unregister = found?.register?.({ id: node.id, ...(inbound && { inbound }) })
    })
    node.on('close', () => {
      stop()
      unregister?.()
    })
  }

  /** Takes the account's API key out of a text; looked up anew, because only errors need it. */
  readonly redact = (text: string): string => {
    const key = cleanApiKey(`${this.find()?.credentials?.apiKey ?? ''}`)
    return key ? createRedactor(key)(text) : text
  }
}
