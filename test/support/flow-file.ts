import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NodeAPI, NodeDef, NodeInitializer, NodeMessage } from 'node-red'
import helper from 'node-red-node-test-helper'
import account from '../../nodes/account/account'
import inbound from '../../nodes/inbound/inbound'
import reply from '../../nodes/reply/reply'
import typingIndicator from '../../nodes/typing-indicator/typing-indicator'
import type { Deployable, FlowNode } from '../../scripts/example'
import { postWebhook } from '../../scripts/webhooks'
import { CANARY } from './events'
import './flow' // sets the helper up

/** What the `Authorization` header of webhooks must be in a flow that {@link runFlowFile} runs. */
export const AUTHORIZATION = 'Bearer canary-WEBHOOK-of-a-flow-file'

/** The core nodes of the flows in docs and examples. */
const CORE: NodeInitializer[] = [
  'common/20-inject',
  'common/21-debug',
  'function/10-function',
  'function/15-change',
  'function/89-delay',
].map((file) => require(`@node-red/nodes/core/${file}`))

/** A flow as a user imports it, in a runtime of the test helper, served on loopback. */
export interface RunningFlow {
  /** Posts a webhook as 8x8 does. @returns the status */
  post(path: string, webhook: object): Promise<number>
  /** Presses the button of an inject node. */
  press(id: string): void
  /** What a node has received, once it is so many. */
  received(id: string, count: number): Promise<NodeMessage[]>
}

let close: () => Promise<void> = async () => {}

/**
 * Runs a flow against a stand-in for 8x8. Ends with {@link endFlowFile}.
 * @param url where its accounts send to
 * @param credentials by the id of an account; those that the tests use for one that has none
 */
export async function runFlowFile(
  nodes: FlowNode[],
  url: string,
  credentials: Deployable['credentials'] = {},
): Promise<RunningFlow> {
  const known = { ...credentials }
  const flow = nodes
    .filter(({ type }) => type !== 'comment')
    .map((node) => {
      if (node.type !== '8x8-account') return node
      known[node.id] ??= { apiKey: CANARY, webhookAuthorization: AUTHORIZATION }
      return { ...node, region: 'custom', baseUrl: url }
    })
  let api: NodeAPI | undefined
  const look = (RED: NodeAPI) => {
    api = RED
  }
  const types = [look, account, inbound, typingIndicator, reply, ...CORE]
  await helper.load(types, flow as unknown as NodeDef[], known)
  const server = createServer((api as unknown as NodeAPI).httpNode).listen(0, '127.0.0.1')
  await once(server, 'listening')
  close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const { port } = server.address() as AddressInfo
  const messages = new Map<string, NodeMessage[]>()
  const arrivals = new EventEmitter()
  for (const { id, type } of flow) {
    if (/^(tab|8x8-account)$/.test(type)) continue
    const list: NodeMessage[] = []
    messages.set(id, list)
    helper.getNode(id).on('input', (msg) => {
      list.push(msg)
      arrivals.emit('arrival')
    })
  }
  return {
    post: (path, webhook) => postWebhook(`http://127.0.0.1:${port}${path}`, webhook, AUTHORIZATION),
    press: (id) => helper.getNode(id).receive({}),
    async received(id, count) {
      const list = messages.get(id) ?? []
      while (list.length < count) await once(arrivals, 'arrival')
      return list
    },
  }
}

/** Ends what {@link runFlowFile} began. For `afterEach`. */
export async function endFlowFile(): Promise<void> {
  await close()
  close = async () => {}
  await helper.unload()
}
