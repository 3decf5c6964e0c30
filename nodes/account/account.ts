import type { ConnectionOptions } from 'node:tls'
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { Client, type ClientOptions } from './client'
import { TypingError } from './errors'
import type { AccountOptions } from './options'
import { findProxy, type ProxyNode } from './proxy'
import { Sessions } from './sessions'
import { readSettings } from './settings'
import { tlsOptions } from './tls'

type AccountDef = NodeDef & Partial<AccountOptions>

/** The core's `tls-config` node. */
interface TlsNode {
  addTLSOptions(options: ConnectionOptions): ConnectionOptions
}

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
}

/** Registers `8x8-account`: who we are at 8x8, and how to get there. */
export default function register(RED: NodeAPI): void {
  function Account(this: AccountNode, config: AccountDef): void {
    RED.nodes.createNode(this, config)
    try {
      this.connection = connect(this, config)
    } catch (error) {
      this.connection = toProblem(error)
      this.warn(this.connection.message)
    }
  }

  /** @throws {TypingError} `not-configured` */
  function connect(node: AccountNode, config: AccountDef): Connection {
    const { subAccountId, server, ...limits } = readSettings(config, node.credentials?.apiKey)
    const client = new Client({
      ...limits,
      ...(server ? { server, ...wayTo(server.origin, config) } : rentSandbox(node, subAccountId)),
    })
    const sessions = new Sessions(client)
    node.on('close', (done: () => void) => {
      sessions.close()
      void client.close().then(done)
    })
    return { client, sessions, subAccountId }
  }

  function wayTo(origin: string, config: AccountDef): Pick<ClientOptions, 'tls' | 'proxy'> {
    const configured = getNode<TlsNode>(config.tls)?.addTLSOptions({})
    const tls = tlsOptions(origin, configured)
    return { tls, proxy: findProxy(origin, getNode<ProxyNode>(config.proxy), process.env) }
  }

  /** The sandbox is loaded and started only here: who talks to 8x8 pays nothing for it. */
  function rentSandbox(node: AccountNode, subAccountId: string): Pick<ClientOptions, 'server'> {
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

  function getNode<T>(id: string | undefined): T | undefined {
    return id ? ((RED.nodes.getNode(id) ?? undefined) as T | undefined) : undefined
  }

  RED.nodes.registerType<AccountNode, AccountDef, object, { apiKey: string }>(
    '8x8-account',
    Account,
    { credentials: { apiKey: { type: 'password' } } },
  )
}

/** Anything else than a TypingError comes from a node that is not what it is used as. */
function toProblem(error: unknown): TypingError {
  if (error instanceof TypingError) return error
  const { message } = error as Error
  return new TypingError('not-configured', `The account cannot be used: ${message}`)
}
