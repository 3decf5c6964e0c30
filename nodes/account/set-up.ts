import type { NodeAPI } from 'node-red'
import type { AccountDef, AccountNode, Connection } from './account'
import { Client, type ClientOptions } from './client'
import { TypingError } from './errors'
import { Sessions } from './sessions'
import { readSettings } from './settings'
import { findWay } from './way'

/** Gives an account its connection, or the reason why there is none, which it also warns of. */
export function setUp(RED: NodeAPI, node: AccountNode, config: AccountDef): void {
  try {
    node.connection = connect()
  } catch (error) {
    node.connection = toProblem(error)
    node.warn(node.connection.message)
  }

  /** @throws {TypingError} `not-configured` */
  function connect(): Connection {
    const { subAccountId, server, ...limits } = readSettings(config, node.credentials?.apiKey)
    const client = new Client({
      ...limits,
      ...(server ? { server, ...findWay(RED, server.origin, config) } : rentSandbox(subAccountId)),
    })
    const sessions = new Sessions(client, node.name || node.id)
    node.on('close', (done: () => void) => {
      sessions.close()
      void client.close().then(done)
    })
    return { client, sessions, subAccountId }
  }

  /** The sandbox is loaded and started only here: who talks to 8x8 pays nothing for it. */
  function rentSandbox(subAccountId: string): Pick<ClientOptions, 'server'> {
    const lease = import('../sandbox/shared.js').then(({ acquireSandbox }) =>
      acquireSandbox(subAccountId),
    )
    const server = lease.then(({ sandbox, apiKey }) => ({ origin: sandbox.url, apiKey }))
    server.catch((error: Error) => node.error(`The sandbox does not start: ${error.message}`))
    node.on('close', (done: () => void) => {
      lease.then(({ release }) => release()).then(done, done)
    })
    return { server }
  }
}

/** Anything else than a TypingError comes from TLS options or a proxy that cannot be used. */
function toProblem(error: unknown): TypingError {
  if (error instanceof TypingError) return error
  const { message } = error as Error
  return new TypingError('not-configured', `The account cannot be used: ${message}`)
}
