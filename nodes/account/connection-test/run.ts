import type { Node, NodeAPI } from 'node-red'
import { MessagingError } from '../../lib/errors'
import { getNode, resolveNetworkOptions } from '../../lib/node-red/network'
import type { DeployedAccountNode } from '../account-node'
import { readConnectionTest } from './form'
import { probeConnection } from './probe'
import type { ConnectionTestResponse } from './result'

/** Runs the test that a dialog asks for. @param id of the account, deployed or not */
export async function runConnectionTest(
  RED: NodeAPI,
  id: string,
  body: unknown,
): Promise<ConnectionTestResponse> {
  const node = getNode<DeployedAccountNode>(RED, id)
  const account = node?.type === '8x8-account' ? node : undefined
  const deployed = account && { config: account.deployed, apiKey: account.credentials?.apiKey }
  const request = readConnectionTest(body, deployed, (name) => lookUp(RED, name, account))
  if ('result' in request) return request
  for (const field of ['tls', 'proxy'] as const) {
    if (request[field] && !getNode(RED, request[field])) return { result: 'undeployed', field }
  }
  try {
    return await probeConnection({
      ...request,
      ...resolveNetworkOptions(RED, request.server.origin, request),
    })
  } catch (error) {
    // Anything but a MessagingError comes from unusable TLS options.
    const field = error instanceof MessagingError ? error.field : undefined
    return { result: 'invalid', field: field ?? 'tls' }
  }
}

/**
 * Resolves a reference like Node-RED when a flow starts. Not `evaluateNodeProperty`, which also
 * replaces variables inside a text: `${https://${SECRET}.example.com}` could send them anywhere.
 */
function lookUp(RED: NodeAPI, name: string, node: Node | undefined): string | undefined {
  const { envVarExcludes } = RED.settings as { envVarExcludes?: unknown }
  // Outside of a flow, Node-RED does not check whether flows may read the variable.
  const hidden = !node && [envVarExcludes].flat().includes(name)
  return hidden ? undefined : RED.util.getSetting(node as Node, name) || undefined
}
