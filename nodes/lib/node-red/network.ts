import type { ConnectionOptions } from 'node:tls'
import type { Node, NodeAPI } from 'node-red'
import type { ProxyRoute } from '../client/transport'
import { MessagingError } from '../errors'
import { type ProxyNode, resolveProxy } from './proxy'
import { readTlsConfig, type TlsNode, tlsOptions } from './tls'

/** TLS and proxy. */
export interface NetworkOptions {
  tls: ConnectionOptions | undefined
  proxy: ProxyRoute | undefined
}

/** The config nodes that an account may name. Otherwise any node with a URL would pass for a proxy. */
const TYPES = { tls: 'tls-config', proxy: 'http proxy' } as const

/**
 * How to reach an origin, by the config nodes of an account.
 * @throws {MessagingError} `not-configured`: a node does not run, has another type, or is not usable
 */
export function resolveNetworkOptions(
  RED: NodeAPI,
  origin: string,
  config: { tls?: string | undefined; proxy?: string | undefined },
): NetworkOptions {
  const tlsNode = getConfigNode<Node & TlsNode>(RED, 'tls', config.tls)
  const configured = tlsNode && readTlsConfig(tlsNode, storedProperties(RED, tlsNode))
  const proxy = resolveProxy(
    origin,
    getConfigNode<ProxyNode>(RED, 'proxy', config.proxy),
    process.env,
  )
  return { tls: tlsOptions(origin, configured), proxy }
}

/** A running node. @param id blank: none */
export function getNode<T>(RED: NodeAPI, id: string | undefined): T | undefined {
  return id ? ((RED.nodes.getNode(id) ?? undefined) as T | undefined) : undefined
}

/** It must be running: otherwise the key would take another route than the chosen one. */
function getConfigNode<T>(
  RED: NodeAPI,
  field: keyof typeof TYPES,
  id: string | undefined,
): T | undefined {
  const node = getNode<Node>(RED, id)
  if (!id || node?.type === TYPES[field]) return node as T | undefined
  const text = `The ${TYPES[field]} node of the account is missing, disabled or of another type`
  throw new MessagingError('not-configured', text, { field })
}

/** Properties and credentials of a running node, with environment references unresolved. */
function storedProperties(RED: NodeAPI, { id, _alias }: Node): Record<string, unknown> {
  const storedId = _alias ?? id
  let properties = {}
  RED.nodes.eachNode((stored) => {
    if (stored.id === storedId) properties = stored
  })
  return { ...properties, ...(RED.nodes.getCredentials(storedId) as object | undefined) }
}
