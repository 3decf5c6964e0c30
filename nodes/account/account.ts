import type { Node, NodeAPI, NodeDef } from 'node-red'
import type { Client } from './client'
import type { TypingError } from './errors'
import type { AccountOptions } from './options'
import type { Sessions } from './sessions'

/** An account as a flow stores it. */
export type AccountDef = NodeDef & Partial<AccountOptions>

/** The way to 8x8 that the nodes of an account share. */
export interface Connection {
  client: Client
  sessions: Sessions
  /** The sub-account of messages that name none. */
  subAccountId: string
}

/** The config node as other nodes see it: a connection, or the reason why there is none. */
export interface AccountNode extends Node<{ apiKey: string }> {
  connection: Connection | TypingError
  /** As it is deployed, environment references resolved. */
  deployed: AccountDef
}

/** Registers `8x8-account`: who we are at 8x8, and how to get there. */
export default function register(RED: NodeAPI): void {
  function Account(this: AccountNode, config: AccountDef): void {
    RED.nodes.createNode(this, config)
    this.deployed = config
    // Only now, so that without an account nobody pays for undici and zod. docs/adr/0010.
    const { setUp } = require('./set-up') as typeof import('./set-up')
    setUp(RED, this, config)
  }

  RED.nodes.registerType<AccountNode, AccountDef, object, { apiKey: string }>(
    '8x8-account',
    Account,
    { credentials: { apiKey: { type: 'password' } } },
  )

  RED.httpAdmin.post(
    '/8x8-account/:id/test',
    (request, response, next) => {
      const { isCrossOrigin, removeCorsHeaders } =
        require('./same-origin') as typeof import('./same-origin')
      removeCorsHeaders(response)
      if (isCrossOrigin(request)) response.sendStatus(403)
      else next()
    },
    RED.auth.needsPermission('8x8-account.write'),
    (request, response, next) => {
      // A page of another site can send a form unasked, but no JSON.
      if (!request.is('json')) return void response.sendStatus(415)
      const { runTrial } = require('./run-trial') as typeof import('./run-trial')
      const answer = runTrial(RED, `${request.params.id}`, request.body)
      answer.then((found) => response.json(found), next)
    },
  )
}
