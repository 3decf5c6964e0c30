import { EventEmitter, once } from 'node:events'
import { inspect } from 'node:util'
import type { NodeDef, NodeInitializer, NodeMessage } from 'node-red'
import RED from 'node-red'
import helper from 'node-red-node-test-helper'
import account from '../../nodes/account/account'
import reply from '../../nodes/reply/reply'
import typingIndicator from '../../nodes/typing-indicator/typing-indicator'
import { CANARY } from './events'

helper.init(require.resolve('node-red'))

/** A message that left a node. */
export interface Output extends NodeMessage {
  typing?: Record<string, unknown>
  reply?: Record<string, unknown>
  error?: Record<string, unknown>
  _error?: unknown
}

/** A message at one of the ends of a flow: the outputs, or a Catch or Complete node. */
export interface Arrival {
  port: (typeof ENDS)[number]
  msg: Output
}

const ENDS = ['success', 'error', 'caught', 'completed'] as const

/** What a test sets of the flow; the rest is a flow that works. */
export interface FlowOptions {
  account?: object
  /** The node that is tested; a typing indicator unless said otherwise. */
  tested?: { id: string; type: string }
  node?: object
  apiKey?: string
  /** Whether output 2 is wired. */
  errors?: boolean
  /** More nodes, on the same tab. */
  more?: { id: string; type: string; [property: string]: unknown }[]
  tab?: object
  /** More config nodes. */
  configs?: object[]
  /** Credentials of nodes other than the account. */
  credentials?: object
  /** More node types. */
  types?: NodeInitializer[]
}

const TYPING_INDICATOR = { id: 'typing', type: '8x8-typing-indicator' }

/** A running flow: the tested node with its account, and a node at each output. */
export interface Flow {
  /**
   * Sends a message into the tested node; resolves with where it came out first, and how.
   * Each gets an id of its own, but a frozen one, which has to bring it.
   */
  send(msg: object): Promise<Arrival>
  /** The next message that comes out at a port. */
  next(port: Arrival['port']): Promise<Output>
  /** Everything that came out so far, in order. */
  outputs: Arrival[]
  /** Statuses of the tested node so far. */
  statuses: { fill?: string; shape?: string; text?: string }[]
  /** Messages for which `done` was called, and with what. */
  completions: { msg: Output; error: Error | undefined }[]
  /** Deploys the flow with changes. */
  deploy(options: FlowOptions, type: 'full' | 'nodes'): Promise<void>
}

function nodesOf(options: FlowOptions): object[] {
  // Without a position it would be a config node.
  const { id, type } = options.tested ?? TYPING_INDICATOR
  const node = (id: string, type: string) => ({ id, type, z: 'tab', x: 0, y: 0, wires: [] })
  return [
    { id: 'tab', type: 'tab', label: 'test', ...options.tab },
    ...(options.configs ?? []),
    { id: 'account', type: '8x8-account', subAccountId: 'my_sub', ...options.account },
    {
      ...node(id, type),
      account: 'account',
      wires: [['success'], options.errors === false ? [] : ['error']],
      ...options.node,
    },
    node('success', 'helper'),
    node('error', 'helper'),
    ...(options.more ?? []).map(({ id, type, ...rest }) => ({ ...node(id, type), ...rest })),
  ]
}

/** Loads a flow into a Node-RED runtime. Ends with {@link unloadFlow}. */
export async function loadFlow(options: FlowOptions): Promise<Flow> {
  testedId = (options.tested ?? TYPING_INDICATOR).id
  const outputs: Flow['outputs'] = []
  const statuses: Flow['statuses'] = []
  const completions: Flow['completions'] = []
  const waiting = new Map<unknown, (arrival: Arrival) => void>()
  const arrivals = new EventEmitter()
  const listen = () => {
    for (const port of ENDS) {
      const node = helper.getNode(port)
      node?.removeAllListeners('input')
      node?.on('input', (msg) => {
        outputs.push({ port, msg })
        waiting.get(msg._msgid)?.({ port, msg })
        arrivals.emit(`at ${port}`, msg)
      })
    }
  }
  RED.hooks.add(
    'onComplete.test',
    (event: { msg: Output; error?: Error; node: { id: string } }) => {
      if (event.node.id === testedId) completions.push({ msg: event.msg, error: event.error })
    },
  )
  RED.runtime.events.on('node-status', onStatus)
  stopListening = () => RED.runtime.events.removeListener('node-status', onStatus)
  function onStatus({ id, status }: { id: string; status: object }) {
    if (id === testedId) statuses.push(status)
  }
  const credentials = { account: { apiKey: options.apiKey ?? CANARY }, ...options.credentials }
  const types = [account, typingIndicator, reply, ...(options.types ?? [])]
  await helper.load(types, nodesOf(options) as NodeDef[], credentials)
  listen()
  let count = 0
  return {
    outputs,
    statuses,
    completions,
    send: (msg) =>
      new Promise((resolve) => {
        if (Object.isExtensible(msg)) Object.assign(msg, { _msgid: `test-${count++}` })
        waiting.set((msg as Output)._msgid, resolve)
        helper.getNode(testedId).receive(msg as Output)
      }),
    next: async (port) => (await once(arrivals, `at ${port}`))[0],
    async deploy(changed, type) {
      await helper.setFlows(nodesOf({ ...options, ...changed }) as NodeDef[], type, credentials)
      listen()
    },
  }
}

let stopListening = () => {}

/** The node that the loaded flow tests. */
let testedId = TYPING_INDICATOR.id

/** Ends what {@link loadFlow} began. For `afterEach`. */
export async function unloadFlow(): Promise<void> {
  await helper.unload()
  RED.hooks.remove('*.test')
  stopListening()
}

/** Resolves when the tested node reports an error to the runtime, with a text that matches. */
export function reported(text = /(?:)/): Promise<void> {
  const node: NodeJS.EventEmitter = helper.getNode(testedId)
  return new Promise((resolve) => {
    node.on('call:error', ({ args }: { args: unknown[] }) => text.test(`${args[0]}`) && resolve())
  })
}

/** Everything that was logged since the flow was loaded, at any level. */
export function logged(): string {
  return helper
    .log()
    .args.map((entry) => inspect(entry, { depth: 10 }))
    .join('\n')
}

/** What was logged as an error since the flow was loaded. */
export function loggedErrors(): unknown[] {
  return helper
    .log()
    .args.flat()
    .filter((entry) => entry?.level === RED.log.ERROR)
}

/** The kind of an error that `done` was called with. */
export function kindOf(error: Error | undefined): unknown {
  return (error?.cause as { kind?: unknown } | undefined)?.kind
}
