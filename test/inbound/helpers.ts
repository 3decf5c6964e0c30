import { EventEmitter, on, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { NodeAPI, NodeDef, NodeInitializer, NodeMessage } from 'node-red'
import RED from 'node-red'
import helper from 'node-red-node-test-helper'
import account from '../../nodes/account/account'
import inbound from '../../nodes/inbound/inbound'
import { CANARY } from '../support/events'
import '../support/flow' // sets the helper up

/** The Authorization of the account's webhooks. */
export const SECRET = 'Bearer canary-WEBHOOK-31415926'

/** What came out of an inbound node. */
export interface Received extends NodeMessage {
  port: 'message' | 'event'
  [field: string]: unknown
}

/** What a test sets of the flow; the rest is a flow that works. */
export interface Options {
  account?: { id?: string; [property: string]: unknown }
  /** Undefined: none. */
  authorization?: string | undefined
  node?: object
  /** More nodes, on the same tab. */
  more?: { id: string; type: string; [property: string]: unknown }[]
  /** More nodes without a tab. */
  configs?: object[]
  /** More node types. */
  types?: NodeInitializer[]
  settings?: object
}

/** A running flow: an inbound node with its account, and a node at each output. */
export interface InboundFlow {
  url: string
  RED: NodeAPI
  /** All that came out so far, in order. */
  received: Received[]
  /** Statuses of the nodes so far. */
  statuses: { id: string; fill?: string; shape?: string; text?: string }[]
  /** Resolves when a node shows a red ring with this text, or (undefined) none; some come late. */
  shows(ring: string | undefined, node?: string): Promise<void>
  /** Resolves when so many messages have come out. */
  until(count: number): Promise<Received[]>
  /** Posts to `/8x8/inbound`, or to another path. */
  post(body: unknown, headers?: Record<string, string>, path?: string): Promise<Response>
  deploy(options: Options, type: 'full' | 'nodes' | 'flows'): Promise<void>
}

function nodesOf(options: Options): object[] {
  const node = (id: string, type: string) => ({ id, type, z: 'tab', x: 0, y: 0, wires: [] })
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    ...(options.configs ?? []),
    { id: 'account', type: '8x8-account', subAccountId: 'my_sub', ...options.account },
    {
      ...node('inbound', '8x8-inbound'),
      account: 'account',
      wires: [['message'], ['event']],
      ...options.node,
    },
    node('message', 'helper'),
    node('event', 'helper'),
    ...(options.more ?? []).map(({ id, type, ...rest }) => ({ ...node(id, type), ...rest })),
  ]
}

let close: () => Promise<void> = async () => {}

/** Loads a flow into a Node-RED runtime, served on loopback. Ends with {@link unload}. */
export async function load(options: Options = {}): Promise<InboundFlow> {
  const received: Received[] = []
  const statuses: InboundFlow['statuses'] = []
  const arrivals = new EventEmitter()
  let api: NodeAPI | undefined
  const listen = () => {
    for (const port of ['message', 'event'] as const) {
      const node = helper.getNode(port)
      node?.removeAllListeners('input')
      node?.on('input', (msg) => {
        received.push({ port, ...msg })
        arrivals.emit('arrival')
      })
    }
  }
  const onStatus = ({ id, status }: { id: string; status: object }) => {
    statuses.push({ id, ...status })
    arrivals.emit('status')
  }
  RED.runtime.events.on('node-status', onStatus)
  const look = (it: NodeAPI) => {
    Object.assign(it.settings, { httpNodeRoot: undefined, httpNodeMiddleware: undefined })
    Object.assign(it.settings, options.settings)
    api = it
  }
  const credentials = (it: Options) => {
    const webhookAuthorization = 'authorization' in it ? it.authorization : SECRET
    const { id = 'account' } = it.account ?? {}
    return { [id]: { apiKey: CANARY, ...(webhookAuthorization && { webhookAuthorization }) } }
  }
  const types = [look, account, inbound, ...(options.types ?? [])]
  await helper.load(types, nodesOf(options) as NodeDef[], credentials(options))
  listen()
  const app = (api as unknown as NodeAPI).httpNode
  const server = createServer(app).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  close = async () => {
    RED.runtime.events.removeListener('node-status', onStatus)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    RED: api as unknown as NodeAPI,
    received,
    statuses,
    async shows(ring, node) {
      while (ringOf(statuses, node) !== ring) await once(arrivals, 'status')
    },
    async until(count) {
      if (received.length >= count) return received
      for await (const _ of on(arrivals, 'arrival')) if (received.length >= count) break
      return received
    },
    post: (body, headers = {}, path = '/8x8/inbound') =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: SECRET, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async deploy(changed, type) {
      const merged = { ...options, ...changed }
      await helper.setFlows(nodesOf(merged) as NodeDef[], type, credentials(merged))
      listen()
    },
  }
}

/** The red ring that a node shows last, if it does. */
export function ringOf(statuses: InboundFlow['statuses'], node = 'inbound'): string | undefined {
  const last = statuses.filter(({ id }) => id === node).at(-1)
  return last?.fill === 'red' && last.shape === 'ring' ? last.text : undefined
}

/** Ends what {@link load} began. For `afterEach`. */
export async function unload(): Promise<void> {
  await close()
  close = async () => {}
  await helper.unload()
  // Accounts in the sandbox keep their chats until flows run again, and so into the next test.
  RED.runtime.events.emit('flows:started')
}
