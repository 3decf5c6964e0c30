import type { NodeAPI } from 'node-red'
import { cleanApiKey } from '../clean'
import { createRedactor } from '../client/redact'
import type { AccountNode, Connection } from '../connection'
import { closedError, MessagingError } from '../errors'

/** The account that a node names by its id. */
export class AccountLookup {
  readonly #RED: NodeAPI
  readonly #id: string
  #connection: Connection | undefined

  /** @param id blank: none is set */
  constructor(RED: NodeAPI, id: string) {
    this.#RED = RED
    this.#id = id
  }

  /**
   * The account's connection as it is now. Node-RED does not restart a node with its account when
   * the account is set by a subflow, so a connection that is closed is looked up again.
   * @throws {MessagingError} `not-configured`, or `closed` where the account is gone
   */
  connect(): Connection {
    if (this.#connection && !this.#connection.client.closed) return this.#connection
    const connection = this.#find()?.connection
    if (!connection) {
      if (this.#connection) throw closedError()
      throw new MessagingError('not-configured', 'No 8x8 account is set', { field: 'account' })
    }
    if (connection instanceof MessagingError) throw connection.clone()
    this.#connection = connection
    return connection
  }

  /** Takes the account's API key out of a text; looked up anew, because only errors need it. */
  readonly redact = (text: string): string => {
    const key = cleanApiKey(`${this.#find()?.credentials?.apiKey ?? ''}`)
    return key ? createRedactor(key)(text) : text
  }

  #find(): AccountNode | null {
    return this.#RED.nodes.getNode(this.#id) as AccountNode | null
  }
}
