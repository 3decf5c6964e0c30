import type { NodeAPI } from 'node-red'
import { Client, type ClientOptions } from '../lib/client/client'
import type { AccountNode, Connection } from '../lib/connection'
import { MessagingError } from '../lib/errors'
import { resolveNetworkOptions } from '../lib/node-red/network'
import { Replies } from '../lib/replies/replies'
import { Sessions } from '../lib/typing/sessions'
import type { AccountDef } from './options'
import { readRegion, readSettings, readWebhookAuthorization } from './settings'

/** The config node with what a connection test needs of it. */
export interface DeployedAccountNode extends AccountNode {
  /** The deployed account, with environment references resolved. */
  deployed: AccountDef
}

/** Gives an account its connection, or the reason that it has none, and logs that as a warning. */
export function setUpAccount(RED: NodeAPI, node: AccountNode, config: AccountDef): void {
  node.region = readRegion(config)
  node.webhookAuthorization = readWebhookAuthorization(node.credentials?.webhookAuthorization)
  try {
    node.connection = connect()
  } catch (error) {
    node.connection = toMessagingError(error)
    node.warn(node.connection.message)
  }

  /** @throws {MessagingError} `not-configured` */
  function connect(): Connection {
    const { subAccountId, server, ...limits } = readSettings(config, node.credentials?.apiKey)
    const client = new Client({
      ...limits,
      ...(server
        ? { server, ...resolveNetworkOptions(RED, server.origin, config) }
        : startSandbox(subAccountId)),
    })
    const sessions = new Sessions(client, node.name || node.id, (text) => node.warn(text))
    const replies = new Replies(client, sessions, limits)
    node.on('close', (done: () => void) => {
      replies.close()
      sessions.close()
      void client.close().then(done)
    })
    return { client, sessions, replies, subAccountId }
  }

  /** Lazy: other accounts should load neither sandbox nor phone (ADR 10). */
  function startSandbox(subAccountId: string): Pick<ClientOptions, 'server'> {
    const { openSandboxAccount } = require('./phone/phones') as typeof import('./phone/phones')
    const { server, register, close } = openSandboxAccount(RED, node, subAccountId)
    server.catch((error: Error) => node.error(`The sandbox does not start: ${error.message}`))
    node.register = register
    node.on('close', (done: () => void) => void close().then(done, done))
    return { server }
  }
}

/** Anything but a MessagingError comes from unusable TLS options or an unusable proxy. */
function toMessagingError(error: unknown): MessagingError {
  if (error instanceof MessagingError) return error
  const { message } = error as Error
  return new MessagingError('not-configured', `The account cannot be used: ${message}`)
}
