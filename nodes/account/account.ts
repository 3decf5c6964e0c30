import type { ConnectionOptions } from 'node:tls'
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { Client, type ClientOptions } from './client'
import { TypingError } from './errors'
import type { AccountOptions } from './options'
import { findProxy, type ProxyNode, type ProxyRoute } from './proxy'
import { Sessions } from './sessions'
import { readSettings } from './settings'
import { tlsOptions } from './tls'
import { tryConnection } from './trial'
import type { TrialAnswer } from './trial-answer'
import { readTrial } from './trial-form'

type AccountDef = NodeDef & Partial<AccountOptions>

/** The core's `tls-config` node. */
interface TlsNode {
  addTLSOptions(options: ConnectionOptions): ConnectionOptions
}

/** What is between us and 8x8. */
interface Way {
  tls: ConnectionOptions | undefined
  proxy: ProxyRoute | undefined
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
  /** As it is deployed, environment references resolved. */
  deployed: AccountDef
}

/** Registers `8x8-account`: who we are at 8x8, and how to get there. */
export default function register(RED: NodeAPI): void {
  function Account(this: AccountNode, config: AccountDef): void {
    RED.nodes.createNode(this, config)
    this.deployed = config
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

  function wayTo(origin: string, config: Pick<AccountDef, 'tls' | 'proxy'>): Way {
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

  /** What a dialog hands in for a test, and what comes of it. */
  async function test(id: string, body: unknown): Promise<TrialAnswer> {
    const node = getNode<AccountNode>(id)
    const isAccount = node?.type === '8x8-account'
    const deployed = isAccount
      ? { config: node.deployed, apiKey: node.credentials?.apiKey }
      : undefined
    const request = readTrial(body, deployed, (name) => lookUp(name, isAccount ? node : undefined))
    if ('result' in request) return request
    for (const field of ['tls', 'proxy'] as const) {
      if (request[field] && !getNode(request[field])) return { result: 'invalid', field }
    }
    try {
      return await tryConnection({ ...request, ...wayTo(request.server.origin, request) })
    } catch (error) {
      return { result: 'invalid', field: toProblem(error).field ?? 'tls' }
    }
  }

  function lookUp(name: string, node: Node | undefined): string | undefined {
    return RED.util.evaluateNodeProperty(name, 'env', node as Node, {}) || undefined
  }

  function getNode<T>(id: string | undefined): T | undefined {
    return id ? ((RED.nodes.getNode(id) ?? undefined) as T | undefined) : undefined
  }

  RED.nodes.registerType<AccountNode, AccountDef, object, { apiKey: string }>(
    '8x8-account',
    Account,
    { credentials: { apiKey: { type: 'password' } } },
  )

  RED.httpAdmin.post(
    '/8x8-account/:id/test',
    RED.auth.needsPermission('8x8-account.write'),
    (request, response, next) => {
      test(`${request.params.id}`, request.body).then((answer) => response.json(answer), next)
    },
  )
}

/** Anything else than a TypingError comes from a node that is not what it is used as. */
function toProblem(error: unknown): TypingError {
  if (error instanceof TypingError) return error
  const { message } = error as Error
  return new TypingError('not-configured', `The account cannot be used: ${message}`)
}
