import type { EventEmitter } from 'node:events'
import type { Node, NodeAPI, NodeMessage } from 'node-red'
import { MessagingError } from '../lib/errors'
import { type Authorize, demandAuthorization } from '../lib/http/authorization'
import { type EndpointHandler, type Endpoints, endpointsOf } from '../lib/http/endpoints'
import type { InboundMessage } from '../lib/message/event'
import { describe } from '../lib/message/thrown'
import { AccountLookup } from '../lib/node-red/account-lookup'
import { onFlowsStarted } from '../lib/node-red/flows-started'
import { httpNodeOf } from '../lib/node-red/http-node'
import { StatusThrottle } from '../lib/node-red/status'
import { pathKey } from '../lib/rules'
import { RecentUmids } from '../lib/typing/recent-umids'
import { Collector } from './collector'
import { Handover } from './handover'
import type { InboundDef } from './options'
import { Receiver } from './receiver'
import { RefusalLog } from './refusal-log'
import { type InboundSettings, readInboundSettings } from './settings'

/** ms for which a umid is remembered, to drop repeats. 8x8 repeats for about 131 s. */
const MEMORY_SPAN = 10 * 60_000

/** Umids to remember, of all nodes together. */
const MAX_UMIDS = 100_000

/** State that outlives a deploy. */
export interface Memory {
  recentUmids: RecentUmids
  handover: Handover
}

/** Why a node does not receive, or only refuses. */
interface Problem {
  /** A key of the catalog. */
  status: string
  text: string
}

/** State that the nodes of a runtime share. */
export function createMemory(): Memory {
  return {
    recentUmids: new RecentUmids(MEMORY_SPAN, MAX_UMIDS),
    handover: new Handover(),
  }
}

/** Lets a node receive webhooks while it is deployed, or shows why it cannot. */
export function setUpInbound(RED: NodeAPI, node: Node, config: InboundDef, memory: Memory): void {
  const account = new AccountLookup(RED, config.account ?? '')
  const status = new StatusThrottle((shown) => node.status(shown))
  let shown: Problem | undefined
  node.status({}) // clears the status of an earlier deploy

  let settings: InboundSettings
  try {
    settings = readInboundSettings(config)
  } catch (error) {
    account.register(node)
    show(toProblem(error))
    node.on('close', () => status.close())
    return
  }

  const { path, subAccounts, collect } = settings
  const refusals = new RefusalLog((text) => node.warn(text))
  const collector = new Collector(collect, send)
  let authorize: Authorize = refuseAll
  const receiver = new Receiver({
    authorize: (header) => authorize(header),
    subAccounts,
    recentUmids: memory.recentUmids,
    scope: pathKey(path),
    refusals,
    onMessage(message, bytes) {
      linkIds(message)
      if (collect > 0) collector.add(message, bytes)
      else send(message)
    },
    onOther: (message) => send([null, message]),
    debug: (text) => node.debug(text),
    report: (error) => node.error(error),
  })
  const handler: EndpointHandler = (request, response) => void receiver.receive(request, response)
  let endpoints: Endpoints | undefined

  connect()
  account.register(node, {
    label: node.name || path,
    receive: (body) => receiver.receiveBody(body),
  })
  const stopListening = onFlowsStarted(RED.events as EventEmitter, onStarted)
  node.on('close', (removed: boolean, done: () => void) => {
    stopListening()
    endpoints?.release(path, handler)
    receiver.close()
    refusals.close()
    status.close()
    // A node that was deleted sends what it collected: the nodes behind it may still be there.
    if (removed) collector.flush()
    memory.handover.put(node.id, path, collector.close())
    done()
  })

  /** Only now are all nodes there: those behind this one, its account and other holders of its path. */
  function onStarted(): void {
    connect()
    collector.resume(memory.handover.take(node.id, path))
  }

  /** Checks what can change without a deploy of this node: its account, and who has its path. */
  function connect(): void {
    let problem: Problem | undefined
    try {
      authorize = readAuthorization()
    } catch (error) {
      authorize = refuseAll
      problem = toProblem(error)
    }
    show(takePath() ?? problem)
  }

  /**
   * What requests have to show. Of the account, only what it says of webhooks matters: a key or a
   * proxy that is wrong keeps no message from coming in.
   * @throws {MessagingError} `not-configured`
   */
  function readAuthorization(): Authorize {
    const { webhookAuthorization: expected, region } = account.get()
    if (settings.authentication === 'none') return () => true
    if (expected instanceof MessagingError) throw expected.clone()
    if (expected !== undefined) return demandAuthorization(expected)
    if (region === 'sandbox') return () => true // for trials only, inside this Node-RED
    throw new MessagingError(
      'not-configured',
      'The account has no webhook authorization, so every webhook is refused',
      { field: 'webhookAuthorization' },
    )
  }

  /** Who comes by number now and by id later gets replies in one order all the same. */
  function linkIds({ user: { msisdn, channelUserId } }: InboundMessage): void {
    if (!msisdn || !channelUserId) return
    const connection = account.find()?.connection
    if (!connection || connection instanceof MessagingError) return
    connection.replies.link({ msisdn, channelUserId })
  }

  function takePath(): Problem | undefined {
    const httpNode = httpNodeOf(RED)
    if (!httpNode) {
      return {
        status: 'status.noHttpNode',
        text: 'Node-RED serves no HTTP nodes: httpNodeRoot is false in its settings',
      }
    }
    endpoints ??= endpointsOf(httpNode.app, httpNode.middleware)
    if (endpoints.claim(path, handler)) return undefined
    endpoints.release(path, handler)
    return {
      status: 'status.pathTaken',
      text: `Another node receives what is posted to ${path}: an 8x8 inbound or an http in node`,
    }
  }

  function send(outputs: object): void {
    try {
      // An object and no array where there is one output to use: Node-RED is quickest with it.
      node.send(outputs as NodeMessage)
    } catch (error) {
      node.error(`The flow does not take a message: ${describe(error)}`)
    }
  }

  function show(problem: Problem | undefined): void {
    if (problem?.text === shown?.text) return
    shown = problem
    if (problem) node.warn(problem.text)
    status.set(problem ? { fill: 'red', shape: 'ring', text: problem.status } : {})
  }
}

function refuseAll(): boolean {
  return false
}

function toProblem(error: unknown): Problem {
  const { message, field } = error as MessagingError
  return { status: `status.check.${field}`, text: message }
}
