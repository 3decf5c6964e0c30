import { once } from 'node:events'
import helper from 'node-red-node-test-helper'
import { Sandbox } from '../../nodes/lib/sandbox/server'
import { CANARY } from './events'
import { type Flow, type FlowOptions, loadFlow, type Output, unloadFlow } from './flow'

export const SUB = 'my_sub'
export const MSISDN = '+6590000000'
const PHONE = { subAccountId: SUB, channel: 'whatsapp', msisdn: MSISDN } as const

/** A stop node that leads to `completed` and `caught`, for `more` of a flow. */
export const stopNode = (properties: object = {}) => [
  {
    id: 'stop',
    type: '8x8-typing-indicator',
    account: 'account',
    action: 'stop',
    wires: [['completed'], ['caught']],
    ...properties,
  },
  { id: 'completed', type: 'helper' },
  { id: 'caught', type: 'helper' },
]

/** A flow that keeps typing in a sandbox on whose phones an indicator lives for 1 s. */
export class Keeping {
  private constructor(
    readonly sandbox: Sandbox,
    readonly flow: Flow,
  ) {}

  /** Loads a start node (the one at the outputs) and a {@link stopNode}. */
  static async load(node: object = {}, options: FlowOptions = {}): Promise<Keeping> {
    const sandbox = await Sandbox.start({ lifetimes: { whatsapp: 1000, rcs: 1000 } })
    sandboxes.push(sandbox)
    sandbox.addSubAccount(SUB, CANARY)
    const flow = await loadFlow({
      account: { region: 'custom', baseUrl: sandbox.url, timeout: 1, deadline: 1 },
      node: { action: 'start', renewEvery: 0.3, ...node },
      more: stopNode(),
      ...options,
    })
    return new Keeping(sandbox, flow)
  }

  /** A customer writes; the webhook as the flow gets it. */
  inbound(message: object = {}): { umid: string; msg: Output } {
    const { umid } = this.sandbox.receive({ ...PHONE, ...message })
    return { umid, msg: { payload: this.sandbox.webhook(umid) } }
  }

  /** Sends a message into the stop node; resolves with what comes out. */
  stop(msg: object): Promise<Output> {
    const stopped = this.flow.next('completed')
    helper.getNode('stop').receive(msg as Output)
    return stopped
  }

  /**
   * Resolves when the dots of somebody else, which start now, were renewed. Whatever else is kept up
   * for the same interval was renewed before.
   */
  async renewed(): Promise<void> {
    const { umid, msg } = this.inbound({ msisdn: '+6590000001' })
    await this.flow.send(msg)
    while (this.requestsFor(umid) < 2) await once(this.sandbox, 'request')
  }

  /** Whether the phone of {@link MSISDN} shows the dots. */
  dots(): boolean {
    return this.sandbox.conversation(PHONE).typingUntil !== undefined
  }

  requestsFor(umid: string): number {
    return this.sandbox.requests.filter(({ body }) => (body as { umid: string }).umid === umid)
      .length
  }
}

const sandboxes: Sandbox[] = []

/** Ends what {@link Keeping.load} began. For `afterEach`. */
export async function unloadKeeping(): Promise<void> {
  await unloadFlow()
  await Promise.all(sandboxes.splice(0).map((sandbox) => sandbox.close()))
}
