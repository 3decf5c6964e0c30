import type { Node, NodeAPI } from 'node-red'
import type { AccountNode } from './account'
import { TypingError } from './errors'
import { tryConnection } from './trial'
import type { TrialAnswer } from './trial-answer'
import { readTrial } from './trial-form'
import { findWay, getNode } from './way'

/** Config nodes on the way. Any other node with a URL and a password would pass for a proxy. */
const WAY_TYPES = [
  ['tls', 'tls-config'],
  ['proxy', 'http proxy'],
] as const

/** Makes the test that a dialog asks for. @param id of the account, deployed or not */
export async function runTrial(RED: NodeAPI, id: string, body: unknown): Promise<TrialAnswer> {
  const node = getNode<AccountNode>(RED, id)
  const account = node?.type === '8x8-account' ? node : undefined
  const deployed = account && { config: account.deployed, apiKey: account.credentials?.apiKey }
  const request = readTrial(body, deployed, (name) => lookUp(RED, name, account))
  if ('result' in request) return request
  for (const [field, type] of WAY_TYPES) {
    const id = request[field]
    const found = getNode<Node>(RED, id)
    if (id && !found) return { result: 'undeployed', field }
    if (found && found.type !== type) return { result: 'invalid', field }
  }
  try {
    return await tryConnection({ ...request, ...findWay(RED, request.server.origin, request) })
  } catch (error) {
    // Anything else than a TypingError comes from a config node that is not what it is used as.
    const field = error instanceof TypingError ? error.field : undefined
    return { result: 'invalid', field: field ?? 'tls' }
  }
}

/**
 * As Node-RED resolves a reference when a flow starts. Not by `evaluateNodeProperty`, which also puts
 * variables into a text: with `${https://${SECRET}.example.com}` one could send them anywhere.
 */
function lookUp(RED: NodeAPI, name: string, node: Node | undefined): string | undefined {
  const { envVarExcludes } = RED.settings as { envVarExcludes?: unknown }
  // Without a flow, nobody else looks whether flows may know the variable.
  const hidden = !node && [envVarExcludes].flat().includes(name)
  return hidden ? undefined : RED.util.getSetting(node as Node, name) || undefined
}
