import type { ConnectionOptions } from 'node:tls'
import type { NodeAPI } from 'node-red'
import type { AccountOptions } from './options'
import { findProxy, type ProxyNode, type ProxyRoute } from './proxy'
import { tlsOptions } from './tls'

/** The core's `tls-config` node. */
interface TlsNode {
  addTLSOptions(options: ConnectionOptions): ConnectionOptions
}

/** What is between us and 8x8. */
export interface Way {
  tls: ConnectionOptions | undefined
  proxy: ProxyRoute | undefined
}

/**
 * The way to an origin, by the config nodes that an account names.
 * @throws {import('./errors').TypingError} `not-configured` for a proxy URL that is none
 */
export function findWay(
  RED: NodeAPI,
  origin: string,
  config: Partial<Pick<AccountOptions, 'tls' | 'proxy'>>,
): Way {
  const configured = getNode<TlsNode>(RED, config.tls)?.addTLSOptions({})
  const proxy = findProxy(origin, getNode<ProxyNode>(RED, config.proxy), process.env)
  return { tls: tlsOptions(origin, configured), proxy }
}

/** A node that runs. @param id blank: none */
export function getNode<T>(RED: NodeAPI, id: string | undefined): T | undefined {
  return id ? ((RED.nodes.getNode(id) ?? undefined) as T | undefined) : undefined
}
