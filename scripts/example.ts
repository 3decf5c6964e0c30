import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sandbox } from '../nodes/lib/sandbox/server'

/** A node as a flow file stores it. */
export interface FlowNode {
  id: string
  type: string
  [property: string]: unknown
}

/** A flow with the credentials of its nodes by id. */
export interface Deployable {
  flows: FlowNode[]
  credentials: Record<string, Record<string, string>>
}

/** Path below the HTTP node root at which example 2 takes webhooks. */
export const INBOUND_PATH = '/8x8/inbound'

/** What the `Authorization` header of webhooks must be in a loaded example. */
export const WEBHOOK_AUTHORIZATION = 'Bearer webhooks-of-the-example'

/** The folder with the examples. */
export const EXAMPLES = join(__dirname, '..', 'examples')

/** Example 2 with its account pointed at a sandbox, as a user would at 8x8. */
export function replyExample(
  sandbox: Sandbox,
  subAccountId: string,
  apiKey: string,
): Promise<Deployable> {
  const name = '2 Answer customers in production'
  return loadExample(name, sandbox, subAccountId, apiKey)
}

/** Path below the HTTP node root at which a flow takes webhooks. */
export function inboundPathOf({ flows }: Deployable): string {
  return `${flows.find(({ type }) => type === '8x8-inbound')?.path}`
}

/** An example as it is. */
export async function readExample(name: string): Promise<FlowNode[]> {
  return JSON.parse(await readFile(join(EXAMPLES, `${name}.json`), 'utf8'))
}

/**
 * An example with its accounts pointed at a sandbox, or at a server like it, and so its tabs and
 * `http request` nodes (example 7).
 */
export async function loadExample(
  name: string,
  sandbox: Pick<Sandbox, 'url'>,
  subAccountId: string,
  apiKey: string,
): Promise<Deployable> {
  const flows = await readExample(name)
  const credentials: Deployable['credentials'] = {}
  for (const node of flows) {
    if (node.type === '8x8-account') {
      Object.assign(node, { region: 'custom', baseUrl: sandbox.url, subAccountId })
      credentials[node.id] = { apiKey, webhookAuthorization: WEBHOOK_AUTHORIZATION }
    }
    if (node.type === 'http request') credentials[node.id] = { password: apiKey }
    if (node.type === 'tab' && node.env) {
      node.env = [
        { name: 'SUB_ACCOUNT', value: subAccountId, type: 'str' },
        { name: 'BASE_URL', value: sandbox.url, type: 'str' },
        { name: 'WEBHOOK_AUTHORIZATION', value: '', type: 'cred' },
      ]
      credentials[node.id] = { WEBHOOK_AUTHORIZATION }
    }
  }
  return { flows, credentials }
}
