import type { Node, NodeAPI, NodeDef, NodeMessage, NodeStatus } from 'node-red'
import type { MessagingError } from '../lib/errors'
import type { SandboxNodeOptions } from './options'
import type { OpenPhone } from './phone/open'
import type { PhoneState } from './phone/state'

type Credentials = { webhookAuthorization?: string }
/** Those of the runtime's settings that the page depends on. */
interface RuntimeSettings {
  httpNodeRoot?: string | false
  httpNodeMiddleware?: unknown
}

type SandboxDef = NodeDef & Partial<SandboxNodeOptions>

/** Registers `8x8-sandbox`: one customer's phone, with replies in and inbound messages out. */
export default function register(RED: NodeAPI): void {
  function Sandbox(this: Node<Credentials>, config: SandboxDef): void {
    RED.nodes.createNode(this, config)
    // Lazy: flows without a sandbox should not load it (ADR 10).
    const opening = open(this, config)
    opening.catch((error: Error) => {
      this.status({ fill: 'red', shape: 'ring', text: reason(error) })
      this.warn(error.message)
    })
    this.on('input', (msg, _send, done) => {
      opening
        .then(({ phone }) => phone.reply(payloadOf(msg)))
        .then(
          () => undefined,
          (error: Error) => error,
        )
        .then(done)
        .catch((error) => this.error(`Could not report the outcome of a message: ${typeof error}`))
    })
    this.on('close', (done: () => void) => {
      opening.then(({ close }) => close()).then(done, done)
    })
  }

  async function open(node: Node<Credentials>, config: SandboxDef): Promise<OpenPhone> {
    const [{ openPhone }, { StatusThrottle }] = await Promise.all([
      import('./phone/open.js'),
      import('../lib/node-red/status.js'),
    ])
    const { httpNodeRoot, httpNodeMiddleware } = RED.settings as unknown as RuntimeSettings
    const hasPage = httpNodeRoot !== false
    const opened = await openPhone({
      nodeId: node.id,
      config,
      authorization: node.credentials?.webhookAuthorization,
      app: hasPage ? RED.httpNode : undefined,
      middleware: httpNodeMiddleware,
    })
    const status = new StatusThrottle((shown) => node.status(shown))
    const { phone } = opened
    phone.on('inbound', (payload) => node.send({ payload } as NodeMessage))
    phone.on('change', () => status.set(statusOf(phone.state(), hasPage)))
    phone.on('close', () => status.close())
    node.status(statusOf(phone.state(), hasPage)) // also takes away what was there before a deploy
    return opened
  }

  RED.nodes.registerType<Node<Credentials>, SandboxDef, object, Credentials>(
    '8x8-sandbox',
    Sandbox,
    { credentials: { webhookAuthorization: { type: 'password' } } },
  )
}

/** @throws {TypeError} for one that throws whatever it likes, which may even be nothing */
function payloadOf(msg: NodeMessage): unknown {
  try {
    return msg.payload
  } catch {
    throw new TypeError('The reply in msg.payload cannot be read')
  }
}

/** What matters most; texts are keys of the catalog. */
function statusOf({ delivery, typingUntil, fault }: PhoneState, hasPage: boolean): NodeStatus {
  if (delivery && !delivery.pending && !delivery.delivered) {
    return { fill: 'red', shape: 'ring', text: 'status.undelivered' }
  }
  if (typingUntil) return { fill: 'blue', shape: 'dot', text: 'status.typing' }
  if (delivery?.pending) return { fill: 'yellow', shape: 'dot', text: 'status.delivering' }
  if (fault !== 'none') return { fill: 'yellow', shape: 'ring', text: 'status.fault' }
  return hasPage ? {} : { fill: 'yellow', shape: 'ring', text: 'status.noPage' }
}

/** The field that is at fault, or that the sandbox does not start. */
function reason(error: Error & Pick<Partial<MessagingError>, 'field'>): string {
  return error.field ? `status.check.${error.field}` : 'status.failed'
}
