import type { Node, NodeAPI, NodeMessage } from 'node-red'
import { AccountLookup } from '../lib/node-red/account-lookup'
import { compileProperties } from '../lib/node-red/message-properties'
import { createNodeAdapter, type Message } from '../lib/node-red/node-adapter'
import { Output } from '../lib/node-red/output'
import { check, oneOf } from '../lib/node-red/validate'
import { wireNode } from '../lib/node-red/wire-node'
import { ACTIONS } from '../lib/typing/actions'
import { Indicator } from './indicator'
import { IndicatorStatus, type State } from './indicator-status'
import type { TypingIndicatorDef } from './options'
import { TYPING_INDICATOR_DEFAULTS, type TypingIndicatorOptions, UNSUPPORTED } from './options'
import { FIELDS } from './request'
import { readTiming } from './timing'

const action = oneOf('action', [...ACTIONS, 'msg'])
const unsupported = oneOf('property Unsupported', UNSUPPORTED)

/** Connects a node to its indicator, or makes every message fail with the reason it cannot. */
export function setUpIndicator(RED: NodeAPI, node: Node, config: TypingIndicatorDef): void {
  const options: TypingIndicatorOptions = { ...TYPING_INDICATOR_DEFAULTS, ...config }
  const account = new AccountLookup(RED, options.account)
  const adapter = createNodeAdapter(RED, node)
  const status = new IndicatorStatus((n) => {
    const text = RED._('status.keeping', { n })
    return text === 'status.keeping' ? `typing (${n})` : text // no catalog, as in tests
  })
  const toStatus = (state: State) => status.toStatus(state)
  const output = new Output(adapter, { property: 'typing', toStatus })
  // A stop does not read these, so they cannot be invalid.
  const required = options.action === 'stop' ? (['umid', 'conversation'] as const) : FIELDS
  wireNode(node, output, account, () => {
    const properties = compileProperties(RED, node, options, FIELDS, required, account.redact)
    return new Indicator({
      id: node.id,
      connect: () => account.connect(),
      action: check('action', action, options.action),
      timing: readTiming(options),
      passUnsupported: check('unsupported', unsupported, options.unsupported) === 'pass',
      properties,
      clone: (msg) => RED.util.cloneMessage(msg as NodeMessage) as Message,
      isWired: adapter.isWired,
      output,
      status,
      warn: adapter.warn,
    })
  })
}
