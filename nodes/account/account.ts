import type { NodeAPI } from 'node-red'
import type { AccountCredentials } from '../lib/connection'
import type { DeployedAccountNode } from './account-node'
import type { AccountDef } from './options'

/** Registers `8x8-account`: who we are at 8x8, and how to get there. */
export default function register(RED: NodeAPI): void {
  function Account(this: DeployedAccountNode, config: AccountDef): void {
    RED.nodes.createNode(this, config)
    this.deployed = config
    // Lazy: flows without an account should not load undici and zod (ADR 10).
    const { setUpAccount } = require('./account-node') as typeof import('./account-node')
    setUpAccount(RED, this, config)
  }

  const { httpAdminRoot: admin, httpNodeRoot: node } = RED.settings
  RED.nodes.registerType<DeployedAccountNode, AccountDef, object, AccountCredentials>(
    '8x8-account',
    Account,
    {
      credentials: { apiKey: { type: 'password' }, webhookAuthorization: { type: 'password' } },
      // For the URLs in the dialogs: the editor itself is not told the admin root, and is told "/"
      // where httpNodeRoot is false.
      settings: { '8x8AccountRoots': { value: { admin, node }, exportable: true } },
    },
  )

  RED.httpAdmin.post(
    '/8x8-account/:id/test',
    (request, response, next) => {
      const { isCrossOrigin, removeCorsHeaders } =
        require('../lib/http/same-origin') as typeof import('../lib/http/same-origin')
      removeCorsHeaders(response)
      if (isCrossOrigin(request)) response.sendStatus(403)
      else next()
    },
    RED.auth.needsPermission('8x8-account.write'),
    (request, response, next) => {
      // A page of another site can post a form without a preflight, but not JSON.
      if (!request.is('json')) return void response.sendStatus(415)
      const { runConnectionTest } =
        require('./connection-test/run') as typeof import('./connection-test/run')
      const answer = runConnectionTest(RED, `${request.params.id}`, request.body)
      answer.then((found) => response.json(found), next)
    },
  )
}
